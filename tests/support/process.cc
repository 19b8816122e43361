// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Pipes, terminals and waiting of process.h.

#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace rafale::support {
namespace {

constexpr int kPatienceMs = 60'000;

std::string program_path(const std::string& name) {
  const char* directory = std::getenv("RAFALE_BIN_DIR");
  if (name.find('/') != std::string::npos || directory == nullptr) return name;
  return std::string(directory) + "/" + name;
}

[[noreturn]] void become(std::vector<std::string>& arguments, const ProcessOptions& options) {
  // As after a login, whatever the parent of the test ignores.
  for (const int number : {SIGINT, SIGTERM, SIGPIPE, SIGHUP}) ::signal(number, SIG_DFL);
  for (const auto& [name, value] : options.environment) {
    value.empty() ? unsetenv(name.c_str()) : setenv(name.c_str(), value.c_str(), 1);
  }
  if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(126);
  std::vector<char*> pointers;
  pointers.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  execv(pointers[0], pointers.data());
  _exit(127);
}

}  // namespace

Process::Process(std::vector<std::string> arguments, ProcessOptions options) {
  arguments.at(0) = program_path(arguments[0]);
  int out[2];
  int err[2];
  if (options.terminal) {
    if (openpty(&out[0], &out[1], nullptr, nullptr, nullptr) != 0) {
      throw std::runtime_error("no terminal to test with");
    }
    err[0] = -1;
    err[1] = dup(out[1]);
    fcntl(out[0], F_SETFD, FD_CLOEXEC);
  } else if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) {
    throw std::runtime_error("no pipe");
  }
  child_ = fork();
  if (child_ == 0) {
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    if (options.terminal) close(out[1]), close(err[1]);
    become(arguments, options);
  }
  close(out[1]);
  close(err[1]);
  out_.fd = out[0];
  err_.fd = err[0];
}

Process::~Process() {
  if (child_ > 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  close_out();
  if (err_.fd >= 0) close(err_.fd);
}

void Process::wait_for_out(const std::string& text) { wait_for(out_, text); }
void Process::wait_for_err(const std::string& text) { wait_for(err_, text); }

std::string Process::wait_for_line(const std::string& beginning) {
  wait_for(out_, beginning);
  while (true) {
    const std::size_t at = out_.text.find(beginning);
    const std::size_t end = out_.text.find('\n', at);
    if (end != std::string::npos) return out_.text.substr(at, end - at);
    if (!read_more()) throw std::runtime_error("ended within a line: " + out_.text);
  }
}

void Process::close_out() {
  if (out_.fd >= 0) close(std::exchange(out_.fd, -1));
}

void Process::signal(int number) { kill(child_, number); }

Ended Process::wait() {
  while (read_more()) {
  }
  int status = 0;
  waitpid(std::exchange(child_, -1), &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), out_.text, err_.text};
}

// Reads what is there; false at the end of both streams.
bool Process::read_more() {
  pollfd watched[] = {{out_.fd, POLLIN, 0}, {err_.fd, POLLIN, 0}};
  if (out_.fd < 0 && err_.fd < 0) return false;
  const int ready = poll(watched, std::size(watched), kPatienceMs);
  if (ready < 0 && errno == EINTR) return true;
  if (ready <= 0) {
    throw std::runtime_error("no word for a minute; so far: " + out_.text + err_.text);
  }
  Stream* const streams[] = {&out_, &err_};
  for (std::size_t i = 0; i < std::size(watched); ++i) {
    if (watched[i].revents == 0) continue;
    char buffer[65536];
    const ssize_t n = read(streams[i]->fd, buffer, sizeof buffer);
    if (n > 0) {
      streams[i]->text.append(buffer, static_cast<std::size_t>(n));
    } else {  // a terminal ends in EIO
      close(std::exchange(streams[i]->fd, -1));
    }
  }
  return true;
}

void Process::wait_for(const Stream& stream, const std::string& text) {
  while (stream.text.find(text) == std::string::npos) {
    if (!read_more()) {
      throw std::runtime_error("ended without \"" + text + "\"; its words: " + out_.text +
                               err_.text);
    }
  }
}

Ended run(std::vector<std::string> arguments, ProcessOptions options) {
  return Process(std::move(arguments), std::move(options)).wait();
}

}  // namespace rafale::support
