// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Plain files by read(2), compressed ones by libzstd.
#include "connectors/file/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace rafale::connectors {
namespace {

[[noreturn]] void throw_error(const std::string& path, std::string_view what) {
  throw std::runtime_error("cannot read " + path + ": " + std::string(what));
}

class PlainFile final : public ByteSource {
 public:
  explicit PlainFile(std::string path) : path_(std::move(path)) {
    fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd_ < 0 || ::fstat(fd_, &status) != 0) {
      fail();
    }
    if (S_ISDIR(status.st_mode)) {
      ::close(std::exchange(fd_, -1));
      throw_error(path_, "it is a directory");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
    ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  ~PlainFile() override {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }
  PlainFile(const PlainFile&) = delete;
  PlainFile& operator=(const PlainFile&) = delete;

  std::size_t read(char* to, std::size_t size) override {
    for (;;) {
      const ssize_t got = ::read(fd_, to, size);
      if (got >= 0) {
        return static_cast<std::size_t>(got);
      }
      if (errno != EINTR) {
        throw_error(path_, std::generic_category().message(errno));
      }
    }
  }
  std::uint64_t size_on_disk() const override { return size_; }
  const std::string& path() const { return path_; }

 private:
  [[noreturn]] void fail() {
    const int error = errno;
    if (fd_ >= 0) {
      ::close(std::exchange(fd_, -1));
    }
    throw_error(path_, std::generic_category().message(error));
  }

  std::string path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

/// Any number of zstd frames one after another, as `zstd` and `cat a.zst b.zst` make them.
class ZstdFile final : public ByteSource {
 public:
  /// `head` is what was already read from `file`.
  ZstdFile(std::unique_ptr<PlainFile> file, std::string_view head)
      : file_(std::move(file)), stream_(ZSTD_createDStream()), input_(ZSTD_DStreamInSize()) {
    if (!stream_) {
      throw_error(file_->path(), "out of memory");
    }
    std::memcpy(input_.data(), head.data(), head.size());
    in_ = {input_.data(), head.size(), 0};
  }

  std::size_t read(char* to, std::size_t size) override {
    ZSTD_outBuffer out{to, size, 0};
    for (;;) {
      if (in_.pos == in_.size && !ended_) {
        const std::size_t got = file_->read(input_.data(), input_.size());
        in_ = {input_.data(), got, 0};
        ended_ = got == 0;
      }
      if (ended_ && !inside_frame_) {
        return 0;
      }
      // Without input it gives out what it still holds.
      const std::size_t result = ZSTD_decompressStream(stream_.get(), &out, &in_);
      if (ZSTD_isError(result) != 0) {
        throw_error(file_->path(),
                    std::string("its zstd data is damaged: ") + ZSTD_getErrorName(result));
      }
      inside_frame_ = result != 0;
      if (out.pos > 0) {
        return out.pos;
      }
      if (ended_) {
        throw_error(file_->path(), "its zstd data is cut off");
      }
    }
  }
  std::uint64_t size_on_disk() const override { return file_->size_on_disk(); }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ZSTD_freeDStream(stream); }
  };

  std::unique_ptr<PlainFile> file_;
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  std::vector<char> input_;
  ZSTD_inBuffer in_{};
  bool inside_frame_ = false;
  bool ended_ = false;
};

/// Gives back what was read to look at, then the rest of the file.
class RestOfFile final : public ByteSource {
 public:
  RestOfFile(std::unique_ptr<PlainFile> file, std::string_view head)
      : file_(std::move(file)), head_(head) {}

  std::size_t read(char* to, std::size_t size) override {
    if (!head_.empty()) {
      const std::size_t n = head_.copy(to, size);
      head_.erase(0, n);
      return n;
    }
    return file_->read(to, size);
  }
  std::uint64_t size_on_disk() const override { return file_->size_on_disk(); }

 private:
  std::unique_ptr<PlainFile> file_;
  std::string head_;
};

constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";

}  // namespace

ByteSource::~ByteSource() = default;

std::unique_ptr<ByteSource> open_bytes(const std::string& path) {
  auto file = std::make_unique<PlainFile>(path);
  char head[kZstdMagic.size()];
  std::size_t n = 0;
  while (n < sizeof head) {
    const std::size_t got = file->read(head + n, sizeof head - n);
    if (got == 0) {
      break;
    }
    n += got;
  }
  const std::string_view seen(head, n);
  if (seen == kZstdMagic) {
    return std::make_unique<ZstdFile>(std::move(file), seen);
  }
  if (path.ends_with(".zst")) {
    throw_error(path, "its name ends in .zst, but it holds no zstd data");
  }
  return std::make_unique<RestOfFile>(std::move(file), seen);
}

}  // namespace rafale::connectors
