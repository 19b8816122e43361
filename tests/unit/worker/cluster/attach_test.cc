// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A worker's line to its supervisor, over a real socket.

#include <condition_variable>
#include <mutex>

#include <gtest/gtest.h>

#include "common/rpc/server.h"
#include "supervisor/attach_service.h"
#include "tests/support/scratch.h"
#include "worker/cluster/attach_client.h"

namespace rafale::worker {
namespace {

class AttachTest : public testing::Test {
 protected:
  AttachTest() {
    server_.add(hub_->service(), "rafale.v1.SupervisorForWorkers");
    EXPECT_TRUE(server_.listen_unix(dir_ / "s").ok());
    EXPECT_TRUE(server_.start().ok());
    launch_.topology = "t-1";
    launch_.token = "mine";
    launch_.supervisor_socket = dir_ / "s";
  }
  ~AttachTest() override { stop(); }

  static common::MethodTable methods() {
    common::MethodTable table;
    table.allow("/rafale.v1.SupervisorForWorkers/Attach", {common::Role::worker});
    return table;
  }
  void stop() {
    if (std::exchange(stopped_, true)) return;
    hub_->stop();
    server_.stop(std::chrono::milliseconds(0));
  }

  std::unique_ptr<AttachClient> attach() {
    return AttachClient::start(
        launch_, [this](ClusterNews news) { note([&] { news_.merge(std::move(news)); }); });
  }
  template <class Change>
  void note(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), condition);
  }

  const support::Scratch dir_;
  std::mutex mutex_;
  std::condition_variable changed_;
  ClusterNews news_;
  std::vector<std::string> states_;
  std::string known_ = "mine";
  std::unique_ptr<supervisor::AttachHub> hub_ =
      supervisor::AttachHub::make({.said =
                                       [this](const supervisor::WorkerSaid& word) {
                                         note([&] { states_.push_back(word.state); });
                                         return word.token == known_;
                                       },
                                   .attached =
                                       [this](const std::string& token) {
                                         coord::Assignment assignment;
                                         assignment.topology = "t-1";
                                         assignment.epoch = 7;
                                         hub_->tell(token, {.assignment = &assignment});
                                       }});
  common::RpcServer server_{{.security = {}, .methods = methods()}};
  Launch launch_;
  bool stopped_ = false;
};

TEST_F(AttachTest, AWorkerOfTheSupervisorIsToldItsAssignmentAndHeard) {
  const auto client = attach();
  ASSERT_TRUE(wait([this] { return news_.assignment.has_value(); }));
  EXPECT_EQ(news_.assignment->epoch, 7u);
  client->say({.state = "running", .adopted_epoch = 7, .failure = ""});
  EXPECT_TRUE(wait([this] { return !states_.empty() && states_.back() == "running"; }));
  EXPECT_FALSE(news_.not_yours);
}

TEST_F(AttachTest, AWorkerThatTheSupervisorDoesNotKnowLearnsThatItsPlaceIsTaken) {
  known_ = "another";
  const auto client = attach();
  EXPECT_TRUE(wait([this] { return news_.not_yours; }));
}

TEST_F(AttachTest, AWorkerWhoseSupervisorEndsIsNotToldToEnd) {
  const auto client = attach();
  ASSERT_TRUE(wait([this] { return news_.assignment.has_value(); }));
  stop();
  client->finish({.state = "draining", .adopted_epoch = 7, .failure = ""},
                 std::chrono::milliseconds(0));
  const std::lock_guard lock(mutex_);
  EXPECT_FALSE(news_.not_yours);
}

}  // namespace
}  // namespace rafale::worker
