// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// fork, pidfd, poll.

#include "supervisor/process_watcher.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace rafale::supervisor {
namespace {

int open_pidfd(std::uint32_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

[[noreturn]] void become(const ProcessWatcher::Command& command, char* const* words, int log) {
  setsid();
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int in = open("/dev/null", O_RDONLY);
  dup2(in, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  syscall(SYS_close_range, 3, ~0u, 0);
  if (chdir(command.directory.c_str()) != 0) _exit(126);
  execv(words[0], words);
  _exit(127);
}

}  // namespace

std::string describe_exit(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int number = WTERMSIG(wait_status);
    const char* text = sigdescr_np(number);
    return absl::StrCat("signal ", number, " (", text == nullptr ? "unknown" : text, ")");
  }
  const int code = WEXITSTATUS(wait_status);
  if (code == 127) return "exit code 127: the program cannot be run";
  return absl::StrCat("exit code ", code);
}

ProcessWatcher::ProcessWatcher(
    std::function<void(std::uint32_t key, const std::string& how)> on_exit)
    : on_exit_(std::move(on_exit)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { run(); }) {}

ProcessWatcher::~ProcessWatcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_fd_, &one, sizeof one));
  thread_.join();
  for (const auto& [key, watched] : watched_) close(watched.pidfd);
  close(wake_fd_);
}

absl::StatusOr<ProcessId> ProcessWatcher::start(std::uint32_t key, const Command& command) {
  const int log = open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot write ", command.log, ": ", std::strerror(errno)));
  }
  std::vector<char*> words;
  words.reserve(command.arguments.size() + 1);
  for (const std::string& word : command.arguments) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  words.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) become(command, words.data(), log);
  const int error = errno;
  close(log);
  if (pid < 0) {
    return absl::ResourceExhaustedError(
        absl::StrCat("cannot start a process: ", std::strerror(error)));
  }
  const ProcessId process = common::process_of(static_cast<std::uint32_t>(pid));
  watch(key, process, true);
  return process;
}

bool ProcessWatcher::adopt(std::uint32_t key, const ProcessId& process) {
  if (!is_running(process)) return false;
  watch(key, process, false);
  return true;
}

void ProcessWatcher::watch(std::uint32_t key, const ProcessId& process, bool child) {
  {
    const std::lock_guard lock(mutex_);
    watched_[key] = {open_pidfd(process.pid), process, child};
  }
  const std::uint64_t one = 1;
  static_cast<void>(!write(wake_fd_, &one, sizeof one));
}

void ProcessWatcher::signal(std::uint32_t key, int number) {
  const std::lock_guard lock(mutex_);
  const auto found = watched_.find(key);
  // The descriptor was opened for exactly this process, or for none.
  if (found == watched_.end() || !is_running(found->second.process)) return;
  syscall(SYS_pidfd_send_signal, found->second.pidfd, number, nullptr, 0);
}

void ProcessWatcher::run() {
  for (;;) {
    std::vector<pollfd> waits{{.fd = wake_fd_, .events = POLLIN, .revents = 0}};
    std::vector<std::uint32_t> keys{0};
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      for (const auto& [key, watched] : watched_) {
        waits.push_back({.fd = watched.pidfd, .events = POLLIN, .revents = 0});
        keys.push_back(key);
      }
    }
    poll(waits.data(), waits.size(), -1);
    if (waits[0].revents != 0) {
      std::uint64_t count = 0;
      static_cast<void>(!read(wake_fd_, &count, sizeof count));
    }
    for (std::size_t i = 1; i < waits.size(); ++i) {
      if (waits[i].revents == 0) continue;
      Watched ended;
      {
        const std::lock_guard lock(mutex_);
        ended = watched_[keys[i]];
        watched_.erase(keys[i]);
      }
      std::string how = "ended; it was started by an earlier supervisor, so its exit code is lost";
      int status = 0;
      if (ended.child && waitpid(static_cast<pid_t>(ended.process.pid), &status, 0) ==
                             static_cast<pid_t>(ended.process.pid)) {
        how = describe_exit(status);
      }
      close(ended.pidfd);
      on_exit_(keys[i], how);
    }
  }
}

}  // namespace rafale::supervisor
