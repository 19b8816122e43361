// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Writing of dead letters.
#include "worker/runtime/dead_letter_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "worker/runtime/dead_letter_line.h"

namespace rafale::worker {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw std::runtime_error("cannot " + what + " " + path + ": " +
                           std::generic_category().message(errno));
}

}  // namespace

DeadLetterFile::DeadLetterFile(std::string topology, std::string directory, bool sync,
                               const common::Clock& clock)
    : topology_(std::move(topology)),
      directory_(std::move(directory)),
      path_((std::filesystem::path(directory_) / "dead_letters.jsonl").string()),
      sync_(sync),
      clock_(clock) {}

DeadLetterFile::~DeadLetterFile() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

void DeadLetterFile::open() {
  std::error_code error;
  std::filesystem::create_directories(directory_, error);
  fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) {
    fail("open", path_);
  }
}

void DeadLetterFile::write(const std::string& component, TaskId task, const DeadLetter& letter) {
  std::string line = dead_letter_line(topology_, component, task, letter, clock_.wall_ms()) + '\n';
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) {
    open();
  }
  if (torn_) {
    line.insert(0, 1, '\n');  // what a full disk cut off stays a line of its own
  }
  for (std::size_t done = 0; done < line.size();) {
    const ssize_t n = ::write(fd_, line.data() + done, line.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno != EINTR) {
      torn_ = torn_ || done > 0;
      fail("write", path_);
    }
  }
  torn_ = false;
  if (sync_ && ::fdatasync(fd_) != 0) {
    fail("sync", path_);
  }
  written_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace rafale::worker
