// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The file of source_position.h: the number as text.
#include "rafale/source_position.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace rafale {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw std::runtime_error("cannot keep the source's position in " + path + ": " +
                           std::strerror(errno));
}

void flush_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path();
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) {
    fsync(fd);
    close(fd);
  }
}

}  // namespace

SourcePosition::SourcePosition(std::string dir, const std::string& component,
                               std::uint32_t task_index, std::int64_t every_ms)
    : every_ms_(every_ms) {
  if (dir.empty()) {
    return;
  }
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  path_ = std::move(dir) + "/" + component + "-" + std::to_string(task_index) + ".position";
  std::ifstream in(path_);
  if (in && !(in >> begin_)) {
    throw std::runtime_error(path_ + " holds no position; remove it to begin anew");
  }
  reached_ = kept_ = begin_;
}

void SourcePosition::complete(std::uint64_t position) {
  if (position < reached_) {
    return;
  }
  if (position > reached_) {
    ahead_.insert(position);
    return;
  }
  ++reached_;
  while (!ahead_.empty() && *ahead_.begin() == reached_) {
    ahead_.erase(ahead_.begin());
    ++reached_;
  }
}

void SourcePosition::keep(std::int64_t now_ms) {
  if (reached_ != kept_ && now_ms - kept_at_ms_ >= every_ms_) {
    kept_at_ms_ = now_ms;
    keep_now();
  }
}

void SourcePosition::keep_now() {
  if (path_.empty() || reached_ == kept_) {
    return;
  }
  const std::string fresh = path_ + ".new";
  const std::string text = std::to_string(reached_) + "\n";
  const int fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    fail(fresh);
  }
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  close(fd);
  if (!written || rename(fresh.c_str(), path_.c_str()) != 0) {
    fail(fresh);
  }
  flush_folder_of(path_);
  kept_ = reached_;
}

}  // namespace rafale
