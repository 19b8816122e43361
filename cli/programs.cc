// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Starting of programs.

#include "cli/programs.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

// Pointers into `program` and `arguments`, as exec wants them.
std::vector<char*> argument_vector(std::string& program, std::vector<std::string>& arguments) {
  std::vector<char*> pointers{program.data()};
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::string cannot_start(const std::string& program, int error) {
  return fmt::format(
      "cannot start '{}': {}; it belongs beside rafale, so build or install both "
      "again",
      program, std::strerror(error));
}

std::string read_to_end(int fd) {
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

}  // namespace

std::string program_beside(std::string_view name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (error ? std::filesystem::path(name) : self.parent_path() / name).string();
}

int become(std::string_view name, const std::vector<std::string>& arguments) {
  std::string program = program_beside(name);
  std::vector<std::string> copies = arguments;
  execv(program.c_str(), argument_vector(program, copies).data());
  complain(cannot_start(program, errno));
  return kFailure;
}

ChildResult run_child(std::string_view name, const std::vector<std::string>& arguments) {
  std::string program = program_beside(name);
  std::vector<std::string> copies = arguments;
  ChildResult result;
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    result.error = cannot_start(program, errno);
    return result;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr,
                                argument_vector(program, copies).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    result.error = cannot_start(program, error);
  } else {
    result.output = read_to_end(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    result.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }
  close(ends[0]);
  return result;
}

}  // namespace rafale::cli
