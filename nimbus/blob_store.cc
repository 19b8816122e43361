// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files of the blob store.

#include "nimbus/blob_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/durable_file.h"
#include "common/random.h"
#include "common/sha256.h"

namespace rafale::nimbus {
namespace {

constexpr std::int64_t kHandleLifeNs = std::int64_t{3600} * 1'000'000'000;
constexpr std::size_t kMostHandles = 1000;

}  // namespace

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

struct BlobStore::Upload::File {
  int fd = -1;
  std::string path;
  std::uint64_t written = 0;
  common::Sha256 hash;
  ~File() {
    if (fd >= 0) close(fd);
    if (!path.empty()) unlink(path.c_str());
  }
};

BlobStore::Upload::Upload(BlobStore& store, std::string expected, std::uint64_t size)
    : store_(store), expected_(std::move(expected)), size_(size), file_(std::make_unique<File>()) {
  std::string name = store_.dir_ + "/upload-XXXXXX";
  file_->fd = mkostemp(name.data(), O_CLOEXEC);
  if (file_->fd >= 0) file_->path = name;
}

BlobStore::Upload::~Upload() = default;

absl::Status BlobStore::Upload::add(std::string_view bytes) {
  if (file_->fd < 0) return absl::FailedPreconditionError("cannot write into the blob store");
  if (file_->written + bytes.size() > size_) {
    return absl::InvalidArgumentError("more bytes came than were announced");
  }
  file_->hash.add(bytes);
  while (!bytes.empty()) {
    const ssize_t written = write(file_->fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      return absl::ResourceExhaustedError(
          absl::StrCat("Nimbus cannot store the plugin: ", std::strerror(errno)));
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    file_->written += static_cast<std::uint64_t>(written);
  }
  return absl::OkStatus();
}

absl::Status BlobStore::Upload::finish() {
  if (file_->written != size_ || file_->hash.finish() != expected_) {
    return absl::DataLossError("the bytes are not those that were announced");
  }
  if (fsync(file_->fd) != 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("Nimbus cannot store the plugin: ", std::strerror(errno)));
  }
  absl::Status renamed = common::rename_durably(file_->path, store_.path_of(expected_));
  if (renamed.ok()) file_->path.clear();
  return renamed;
}

absl::StatusOr<std::unique_ptr<BlobStore>> BlobStore::open(const std::string& dir,
                                                           std::int64_t most_bytes,
                                                           const common::Clock& clock) {
  absl::Status made = common::make_private_folders(dir);
  if (!made.ok()) return made;
  return std::unique_ptr<BlobStore>(new BlobStore(dir, most_bytes, clock));
}

std::string BlobStore::path_of(const std::string& sha256) const { return dir_ + "/" + sha256; }

absl::StatusOr<std::unique_ptr<BlobStore::Upload>> BlobStore::begin(const std::string& sha256,
                                                                    std::uint64_t size) {
  if (!is_sha256(sha256)) return absl::InvalidArgumentError("no SHA-256 was announced");
  if (size == 0 || size > static_cast<std::uint64_t>(most_bytes_)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a plugin of ", size, " bytes; nimbus.plugin.max.bytes allows 1 to ", most_bytes_));
  }
  return std::make_unique<Upload>(*this, sha256, size);
}

absl::StatusOr<std::string> BlobStore::put(std::string_view bytes) {
  std::string name = common::sha256(bytes);
  if (has(name)) return name;
  absl::Status written = common::write_durably(path_of(name), bytes);
  if (!written.ok()) return written;
  return name;
}

bool BlobStore::has(const std::string& sha256) const {
  struct stat info {};
  return is_sha256(sha256) && stat(path_of(sha256).c_str(), &info) == 0;
}

absl::StatusOr<std::string> BlobStore::get(const std::string& sha256) const {
  if (!is_sha256(sha256)) return absl::InvalidArgumentError("a blob's name is its SHA-256");
  absl::StatusOr<std::string> bytes = common::read_whole(path_of(sha256));
  if (!bytes.ok()) return absl::NotFoundError(absl::StrCat("no blob ", sha256, " here"));
  if (common::sha256(*bytes) != sha256) {
    unlink(path_of(sha256).c_str());
    return absl::DataLossError(absl::StrCat("blob ", sha256, " was damaged on the disk"));
  }
  return bytes;
}

void BlobStore::remove(const std::string& sha256) {
  if (is_sha256(sha256)) unlink(path_of(sha256).c_str());
}

std::string BlobStore::make_handle(const std::string& sha256, const std::string& owner) {
  const std::int64_t now = clock_.now_ns();
  std::string handle = common::random_hex(2);
  const std::lock_guard lock(mutex_);
  std::erase_if(handles_,
                [now](const auto& entry) { return now - entry.second.made_ns > kHandleLifeNs; });
  if (handles_.size() >= kMostHandles) handles_.erase(handles_.begin());
  handles_[handle] = {sha256, owner, now};
  return handle;
}

absl::StatusOr<std::string> BlobStore::redeem(const std::string& handle, const std::string& owner) {
  const std::lock_guard lock(mutex_);
  const auto found = handles_.find(handle);
  if (found == handles_.end() || found->second.owner != owner ||
      clock_.now_ns() - found->second.made_ns > kHandleLifeNs) {
    return absl::PermissionDeniedError(
        "the plugin's handle is unknown here; upload it again to the Nimbus that leads");
  }
  return found->second.sha256;
}

}  // namespace rafale::nimbus
