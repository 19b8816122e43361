// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Signals of this very process, and a reader that goes away.

#include "worker/local/stop_source.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;

// Exit status of a child that runs `body`; what it writes to either output goes to `printed`.
template <class F>
int in_child(F body, std::string* printed) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    _exit(body());
  }
  close(ends[1]);
  char buffer[4096];
  for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;) {
    printed->append(buffer, static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

constexpr char kAnnouncement[] = "stopping; press Ctrl-C again to end at once\n";

TEST(SignalStopSource, TellsTheFirstSignalAndSaysSo) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    std::string printed;
    const int status = in_child(
        [number] {
          SignalStopSource stop(false);
          if (stop.wait(milliseconds(0)) != StopCause::none) return 1;
          raise(number);
          if (stop.wait(milliseconds(60'000)) != StopCause::signal) return 2;
          return stop.wait(milliseconds(60'000)) == StopCause::signal ? 0 : 3;
        },
        &printed);
    EXPECT_EQ(status, 0) << number;
    EXPECT_EQ(printed, kAnnouncement);
  }
}

TEST(SignalStopSource, EndsTheProcessAtTheSecondSignal) {
  std::string printed;
  const int status = in_child(
      [] {
        SignalStopSource stop(false);
        raise(SIGINT);
        raise(SIGINT);
        return 1;
      },
      &printed);
  EXPECT_EQ(status, 130);
  EXPECT_EQ(printed, kAnnouncement);
}

TEST(SignalStopSource, ShowsTheCursorOfATerminalBeforeItEnds) {
  std::string printed;
  const int status = in_child(
      [] {
        SignalStopSource stop(true);
        raise(SIGINT);
        raise(SIGTERM);
        return 1;
      },
      &printed);
  EXPECT_EQ(status, 143);
  EXPECT_EQ(printed, std::string(kAnnouncement) + "\x1b[?25h\x1b[0m\n");
}

TEST(SignalStopSource, LeavesAnIgnoredHangUpIgnored) {
  std::string printed;
  const int status = in_child(
      [] {
        signal(SIGHUP, SIG_IGN);
        SignalStopSource stop(false);
        raise(SIGHUP);
        return stop.wait(milliseconds(0)) == StopCause::none ? 0 : 1;
      },
      &printed);
  EXPECT_EQ(status, 0);
}

TEST(SignalStopSource, NoticesThatNobodyReadsAnyMore) {
  std::string printed;
  const int status = in_child(
      [] {
        SignalStopSource stop(false);
        int ends[2];
        if (pipe(ends) != 0) return 1;
        dup2(ends[1], STDOUT_FILENO);
        close(ends[1]);
        if (stop.wait(milliseconds(0)) != StopCause::none) return 2;
        close(ends[0]);
        if (stop.wait(milliseconds(60'000)) != StopCause::output_closed) return 3;
        // And a write is an error, not a signal.
        return write(STDOUT_FILENO, "x", 1) == -1 ? 0 : 4;
      },
      &printed);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(printed, "");
}

TEST(SignalStopSource, RestoresWhatWasBefore) {
  std::string printed;
  const int status = in_child(
      [] {
        { SignalStopSource stop(false); }
        raise(SIGTERM);
        return 0;
      },
      &printed);
  EXPECT_EQ(status, -SIGTERM);
}

}  // namespace
}  // namespace rafale::worker
