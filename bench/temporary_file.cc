// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Making and removing a temporary file.
#include "bench/temporary_file.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace rafale::bench {
namespace {

[[noreturn]] void fail(const std::string& path) {
  throw std::runtime_error("cannot write " + path + ": " + std::generic_category().message(errno));
}

}  // namespace

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) {
    ::unlink(path_.c_str());
  }
}

void TemporaryFile::write(std::string_view text) {
  std::string path = (std::filesystem::temp_directory_path() / "rafale-bench-XXXXXX").string();
  const int fd = ::mkstemp(path.data());
  if (fd < 0) {
    fail(path);
  }
  path_ = path;
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno != EINTR) {
      ::close(fd);
      fail(path);
    }
    text.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  ::close(fd);
}

}  // namespace rafale::bench
