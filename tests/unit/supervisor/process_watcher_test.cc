// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Real processes: how they end is heard at once, and nobody else is hurt.

#include "supervisor/process_watcher.h"

#include <condition_variable>
#include <csignal>
#include <mutex>

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace rafale::supervisor {
namespace {

class ProcessWatcherTest : public testing::Test {
 protected:
  std::string ended(std::uint32_t key) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(came_.wait_for(lock, std::chrono::seconds(30), [&] { return how_.contains(key); }));
    return how_[key];
  }
  ProcessId start(std::uint32_t key, const std::string& script) {
    const auto process = watcher_.start(
        key,
        {.arguments = {"/bin/sh", "-c", script}, .directory = dir_.path(), .log = dir_ / "log"});
    EXPECT_TRUE(process.ok()) << process.status();
    return *process;
  }

  support::Scratch dir_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::map<std::uint32_t, std::string> how_;
  ProcessWatcher watcher_{[this](std::uint32_t key, const std::string& how) {
    {
      const std::lock_guard lock(mutex_);
      how_[key] = how;
    }
    came_.notify_all();
  }};
};

TEST_F(ProcessWatcherTest, HearsExitCodesAndKeepsWhatWasWritten) {
  start(1, "echo hello; pwd; exit 3");
  EXPECT_EQ(ended(1), "exit code 3");
  EXPECT_EQ(support::read_file(dir_ / "log"), "hello\n" + dir_.path() + "\n");
}

TEST_F(ProcessWatcherTest, HearsSignals) {
  start(1, "kill -SEGV $$");
  EXPECT_EQ(ended(1), "signal 11 (Segmentation fault)");
}

TEST_F(ProcessWatcherTest, SendsSignals) {
  const ProcessId process = start(1, "exec sleep 100");
  EXPECT_TRUE(is_running(process));
  watcher_.signal(1, SIGKILL);
  EXPECT_EQ(ended(1), "signal 9 (Killed)");
  EXPECT_FALSE(is_running(process));
}

TEST_F(ProcessWatcherTest, AdoptsOnlyTheProcessThatIsMeant) {
  const ProcessId process = start(1, "exec sleep 100");
  EXPECT_FALSE(watcher_.adopt(2, {process.pid, process.start_time + 1}));
  EXPECT_TRUE(watcher_.adopt(2, process));
  watcher_.signal(2, SIGKILL);
  ended(1);
  ended(2);
}

TEST_F(ProcessWatcherTest, SaysThatAProgramCannotBeRun) {
  const auto process = watcher_.start(
      1, {.arguments = {"/no/such/program"}, .directory = dir_.path(), .log = dir_ / "log"});
  ASSERT_TRUE(process.ok());
  EXPECT_EQ(ended(1), "exit code 127: the program cannot be run");
}

}  // namespace
}  // namespace rafale::supervisor
