// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The system calls behind LineWriter.
#include "connectors/file/line_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace rafale::connectors {
namespace {

[[noreturn]] void throw_error(const std::string& path, int error) {
  throw std::runtime_error("cannot write " + path + ": " + std::generic_category().message(error));
}

/// A new name is on the disk only when its directory is.
void sync_directory_of(const std::string& path) {
  std::filesystem::path directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) {
    directory = ".";
  }
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || ::fsync(fd) != 0) {
    const int error = errno;
    if (fd >= 0) {
      ::close(fd);
    }
    throw_error(directory.string(), error);
  }
  ::close(fd);
}

}  // namespace

std::optional<Sync> parse_sync(std::string_view text) {
  if (text == "none") {
    return Sync::none;
  }
  if (text == "batch") {
    return Sync::batch;
  }
  if (text == "always") {
    return Sync::always;
  }
  return std::nullopt;
}

LineWriter::LineWriter(std::string path, Options options)
    : path_(std::move(path)), sync_(options.sync) {
  // O_APPEND: a process that was replaced, and does not know it yet, must not write over its
  // heir's.
  const int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | (options.append ? 0 : O_EXCL);
  fd_ = ::open(path_.c_str(), flags, 0644);
  if (fd_ < 0) {
    throw_error(path_, errno);
  }
  try {
    if (options.append) {
      cut_torn_line();
    }
    if (sync_ != Sync::none) {
      sync_directory_of(path_);
    }
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

LineWriter LineWriter::standard_output() {
  LineWriter writer;
  writer.path_ = "standard output";
  writer.fd_ = STDOUT_FILENO;
  writer.owned_ = false;
  return writer;
}

LineWriter::LineWriter(LineWriter&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      sync_(other.sync_),
      owned_(other.owned_) {}

LineWriter::~LineWriter() {
  if (owned_ && fd_ >= 0) {
    ::close(fd_);
  }
}

/// Leaves nothing behind the last line feed.
void LineWriter::cut_torn_line() {
  struct stat status {};
  if (::fstat(fd_, &status) != 0) {
    throw_error(path_, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return;
  }
  char block[4096];
  off_t end = status.st_size;
  while (end > 0) {
    const off_t from = std::max<off_t>(0, end - static_cast<off_t>(sizeof block));
    const ssize_t got = ::pread(fd_, block, static_cast<std::size_t>(end - from), from);
    if (got != end - from) {
      throw_error(path_, got < 0 ? errno : EIO);
    }
    const std::size_t feed = std::string_view(block, static_cast<std::size_t>(got)).rfind('\n');
    if (feed != std::string_view::npos) {
      end = from + static_cast<off_t>(feed) + 1;
      break;
    }
    end = from;
  }
  if (end != status.st_size && ::ftruncate(fd_, end) != 0) {
    throw_error(path_, errno);
  }
}

std::size_t LineWriter::write(std::string_view bytes, std::error_code& error) {
  error.clear();
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(fd_, bytes.data() + done, bytes.size() - done);
    if (n > 0) {
      done += static_cast<std::size_t>(n);
    } else if (n == 0) {
      error = {EIO, std::generic_category()};
      break;
    } else if (errno == EAGAIN) {
      // Whoever shares this terminal or pipe may have made it non-blocking.
      pollfd wait{fd_, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      error = {errno, std::generic_category()};
      break;
    }
  }
  return done;
}

void LineWriter::sync(std::size_t unsynced, std::error_code& error) {
  error.clear();
  // EINVAL and EROFS: a pipe or terminal, which has nothing to force.
  if (sync_ == Sync::none || ::fdatasync(fd_) == 0 || errno == EINVAL || errno == EROFS) {
    return;
  }
  error = {errno, std::generic_category()};
  // The kernel forgets the failed pages, and the next fdatasync would succeed without them.
  struct stat status {};
  const off_t end = ::lseek(fd_, 0, SEEK_CUR);
  if (end < 0 || ::fstat(fd_, &status) != 0) {
    error = {errno, std::generic_category()};
  } else if (S_ISREG(status.st_mode) && status.st_size == end &&  // nobody has written behind us
             ::ftruncate(fd_, end - static_cast<off_t>(unsynced)) != 0) {
    error = {errno, std::generic_category()};
  }
}

}  // namespace rafale::connectors
