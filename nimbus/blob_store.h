// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Plugins and descriptions by what they contain.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"

namespace rafale::nimbus {

/// A folder of immutable files named by their SHA-256. A blob is on the disk, flushed, before its
/// name is given to anybody. Any thread.
class BlobStore {
 public:
  /// Under way; gone, with its file, if it is not finished.
  class Upload {
   public:
    Upload(BlobStore& store, std::string expected, std::uint64_t size);
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;
    /// RESOURCE_EXHAUSTED if the disk is full or there is more than was said.
    absl::Status add(std::string_view bytes);
    /// DATA_LOSS if the bytes are not those that were announced.
    absl::Status finish();

   private:
    struct File;
    BlobStore& store_;
    const std::string expected_;
    const std::uint64_t size_;
    std::unique_ptr<File> file_;
  };

  /// Uses LOCAL_DIR/nimbus/blobs, which it makes.
  static absl::StatusOr<std::unique_ptr<BlobStore>> open(const std::string& dir,
                                                         std::int64_t most_bytes,
                                                         const common::Clock& clock);

  /// INVALID_ARGUMENT for a name that is no SHA-256, or a size beyond the limit.
  absl::StatusOr<std::unique_ptr<Upload>> begin(const std::string& sha256, std::uint64_t size);
  absl::StatusOr<std::string> put(std::string_view bytes);
  bool has(const std::string& sha256) const;
  /// NOT_FOUND, or DATA_LOSS if the file is not what its name says (it is then removed).
  absl::StatusOr<std::string> get(const std::string& sha256) const;
  std::string path_of(const std::string& sha256) const;
  void remove(const std::string& sha256);

  /// An opaque name under which `owner` alone may submit the blob, for an hour.
  std::string make_handle(const std::string& sha256, const std::string& owner);
  /// PERMISSION_DENIED for one that is unknown, too old or another's.
  absl::StatusOr<std::string> redeem(const std::string& handle, const std::string& owner);

 private:
  BlobStore(std::string dir, std::int64_t most_bytes, const common::Clock& clock)
      : dir_(std::move(dir)), most_bytes_(most_bytes), clock_(clock) {}

  struct Handle {
    std::string sha256;
    std::string owner;
    std::int64_t made_ns = 0;
  };
  const std::string dir_;
  const std::int64_t most_bytes_;
  const common::Clock& clock_;
  std::mutex mutex_;
  std::map<std::string, Handle> handles_;
};

/// Whether it is 64 lower-case hexadecimal digits.
bool is_sha256(std::string_view text);

}  // namespace rafale::nimbus
