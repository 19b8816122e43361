// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Two real transports: what one sends the other gets, once and in order, whatever happens to the
// connections between them.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/scratch.h"
#include "worker/ack/record_writer.h"
#include "worker/transport/transport_options.h"

namespace rafale::worker {
namespace {

using std::chrono::seconds;

/// Remembers what came, and lets a test wait for it.
class Inbox final : public TransportEvents {
 public:
  void on_batch(Batch* batch, std::uint32_t from_worker) override {
    std::uint64_t number = 0;
    std::memcpy(&number, batch->data() + 8, sizeof number);
    if (Transport* own = transport.load(); own != nullptr && consume) {
      own->consumed(from_worker, batch->to.task, batch->bytes);
    }
    batch->release();
    note([&] { batches.push_back(number); });
  }
  void on_records(TaskId, RecordBlock* block) override {
    note([&] {
      for (const Record& record : block->records) records.push_back(record.root0);
    });
    block->home->give_back(block);
  }
  void on_floor(const SpoutRef&, std::uint64_t value) override {
    note([&] { floor = value; });
  }
  void on_peer_ready(std::uint32_t worker, std::uint32_t) override {
    note([&] { ready.insert(worker); });
  }
  void on_peer_down(std::uint32_t worker, std::uint32_t) override {
    note([&] { ready.erase(worker); });
  }
  void on_instance(std::uint32_t worker, std::uint32_t instance) override {
    note([&] { instances[worker] = instance; });
  }
  void on_fenced(std::uint32_t seen) override {
    note([&] { fenced = seen; });
  }
  void on_room(TaskId task) override {
    note([&] { room.insert(task); });
  }

  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, seconds(30), condition);
  }
  template <class Change>
  void note(Change change) {
    {
      const std::lock_guard lock(mutex);
      change();
    }
    changed.notify_all();
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::uint64_t> batches, records;
  std::uint64_t floor = 0;
  std::set<std::uint32_t> ready;
  std::map<std::uint32_t, std::uint32_t> instances;
  std::uint32_t fenced = 0;
  std::set<TaskId> room;
  std::atomic<bool> consume{true};
  std::atomic<Transport*> transport{nullptr};
};

/// A worker's transport and what came to it.
struct Node {
  Node(std::uint32_t worker, std::uint32_t instance, std::string unix_socket = "") {
    Transport::Options options;
    options.topology = "t-1";
    options.worker = worker;
    options.instance = instance;
    options.tasks = 10;
    options.unix_socket = std::move(unix_socket);
    auto started = Transport::start(options, inbox);
    EXPECT_TRUE(started.ok()) << started.status();
    transport = *std::move(started);
    inbox.transport = transport.get();
    transport->ready();
  }
  ~Node() {
    inbox.transport = nullptr;
    transport->stop();
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(transport->port()); }

  Inbox inbox;
  BatchPool batches;
  RecordBlockPool blocks;
  std::unique_ptr<Transport> transport;
};

bool send(Node& from, std::uint32_t to_worker, std::uint32_t to_instance, std::uint64_t number,
          std::uint32_t size = 16) {
  Batch* batch = from.batches.take(size);
  std::memset(batch->data(), 0, size);
  std::memcpy(batch->data(), &size, sizeof size);
  std::memcpy(batch->data() + 8, &number, sizeof number);
  batch->to = {.task = 3, .worker = to_worker, .instance = to_instance};
  batch->rows = 1;
  batch->bytes = size;
  const bool room = from.transport->send(batch);
  from.transport->flush(to_worker);
  return room;
}

void send_record(Node& from, std::uint32_t to_worker, std::uint64_t root) {
  RecordBlock* block = from.blocks.take();
  block->clear();
  block->records.push_back({.kind = RecordKind::ack, .n = 1, .spout = {3, 1}, .root0 = root});
  from.transport->send(to_worker, 3, block);
  from.transport->flush(to_worker);
}

std::vector<std::uint64_t> counted(std::uint64_t count) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t i = 0; i < count; ++i) numbers.push_back(i);
  return numbers;
}

/// Passes bytes between a port of its own and another, until it is told to cut all connections.
class CuttingProxy {
 public:
  explicit CuttingProxy(std::uint16_t to) : to_(to) {
    listener_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listener_, 64);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~CuttingProxy() {
    stopping_ = true;
    thread_.join();
    cut_all();
    close(listener_);
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  void cut() { cut_ = true; }

 private:
  void cut_all() {
    for (const auto& [fd, other] : pairs_) close(fd);
    pairs_.clear();
  }
  void add() {
    const int in = accept(listener_, nullptr, nullptr);
    const int out = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(to_);
    connect(out, reinterpret_cast<sockaddr*>(&address), sizeof address);
    pairs_[in] = out;
    pairs_[out] = in;
  }
  bool pass(int from, int to) {
    std::array<char, 16384> bytes;
    const ssize_t size = ::read(from, bytes.data(), bytes.size());
    return size > 0 && ::write(to, bytes.data(), static_cast<std::size_t>(size)) == size;
  }
  void run() {
    while (!stopping_) {
      if (cut_.exchange(false)) cut_all();
      std::vector<pollfd> waits{{.fd = listener_, .events = POLLIN, .revents = 0}};
      for (const auto& [fd, other] : pairs_) waits.push_back({fd, POLLIN, 0});
      poll(waits.data(), waits.size(), 5);
      if (waits[0].revents != 0) add();
      for (std::size_t i = 1; i < waits.size(); ++i) {
        const auto pair = pairs_.find(waits[i].fd);
        if (waits[i].revents == 0 || pair == pairs_.end()) continue;
        const int other = pair->second;
        if (!pass(waits[i].fd, other)) {
          close(waits[i].fd);
          close(other);
          pairs_.erase(waits[i].fd);
          pairs_.erase(other);
        }
      }
    }
  }
  const std::uint16_t to_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::map<int, int> pairs_;
  std::atomic<bool> cut_{false}, stopping_{false};
  std::thread thread_;
};

void expect_all_in_order(const std::string& address, Node& from, Node& to) {
  from.transport->set_peers(1, {{1, 1, address}});
  to.transport->set_peers(1, {});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  constexpr std::uint64_t kCount = 2000;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    send(from, 1, 1, i);
    send_record(from, 1, i);
  }
  ASSERT_TRUE(to.inbox.wait(
      [&] { return to.inbox.batches.size() >= kCount && to.inbox.records.size() >= kCount; }));
  EXPECT_EQ(to.inbox.batches, counted(kCount));
  EXPECT_EQ(to.inbox.records, counted(kCount));
}

TEST(Link, BatchesAndRecordsArriveOnceAndInOrderOverTcp) {
  Node from(0, 1);
  Node to(1, 1);
  expect_all_in_order(to.address(), from, to);
}

TEST(Link, BatchesAndRecordsArriveOnceAndInOrderOverAUnixSocket) {
  const support::Scratch dir;
  Node from(0, 1);
  Node to(1, 1, dir / "s");
  expect_all_in_order("unix:" + (dir / "s"), from, to);
}

TEST(Link, NothingIsLostOrRepeatedWhenConnectionsAreCutAgainAndAgain) {
  Node from(0, 1);
  Node to(1, 1);
  CuttingProxy proxy(to.transport->port());
  from.transport->set_peers(1, {{1, 1, proxy.address()}});
  to.transport->set_peers(1, {});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  constexpr std::uint64_t kCount = 3000;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    send(from, 1, 1, i, 2000);
    send_record(from, 1, i);
    if (i % 500 == 250) {
      // Some of it is certainly on its way when the connections go.
      ASSERT_TRUE(to.inbox.wait([&] { return to.inbox.batches.size() + 100 > i; }));
      proxy.cut();
    }
  }
  ASSERT_TRUE(to.inbox.wait(
      [&] { return to.inbox.batches.size() >= kCount && to.inbox.records.size() >= kCount; }));
  EXPECT_EQ(to.inbox.batches, counted(kCount));
  EXPECT_EQ(to.inbox.records, counted(kCount));
  EXPECT_GT(from.transport->counts().reconnects, 0u);
}

TEST(Link, AReceiverThatStandsStillMakesTheSenderPauseAndGoOnAfterwards) {
  Node from(0, 1);
  Node to(1, 1);
  to.inbox.consume = false;
  from.transport->set_peers(1, {{1, 1, to.address()}});
  to.transport->set_peers(1, {});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  std::uint64_t sent = 0;
  while (send(from, 1, 1, sent, 30'000)) ++sent;
  EXPECT_FALSE(from.transport->has_room(3));
  EXPECT_LT(sent, 400u) << "the window is eight megabytes";
  ASSERT_TRUE(to.inbox.wait([&] { return to.inbox.batches.size() == sent + 1; }));
  to.transport->consumed(0, 3, static_cast<std::uint32_t>((sent + 1) * 30'000));
  EXPECT_TRUE(from.inbox.wait([&] { return from.inbox.room.contains(3); }));
  EXPECT_TRUE(from.transport->has_room(3));
}

TEST(Link, ANewInstanceOfTheReceiverGetsNothingThatWasForTheOldOne) {
  const support::Scratch dir;
  Node from(0, 1);
  auto to = std::make_unique<Node>(1, 1, dir / "s");
  from.transport->set_peers(1, {{1, 1, "unix:" + (dir / "s")}});
  to->transport->set_peers(1, {});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  send(from, 1, 1, 5);
  ASSERT_TRUE(to->inbox.wait([&] { return to->inbox.batches.size() == 1; }));
  to.reset();
  ASSERT_TRUE(from.inbox.wait([&] { return !from.inbox.ready.contains(1); }));
  send(from, 1, 1, 6);
  Node heir(1, 2, dir / "s");
  heir.transport->set_peers(1, {});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  EXPECT_EQ(from.inbox.instances[1], 2u);
  send(from, 1, 2, 7);
  ASSERT_TRUE(heir.inbox.wait([&] { return !heir.inbox.batches.empty(); }));
  EXPECT_EQ(heir.inbox.batches, std::vector<std::uint64_t>{7});
}

TEST(Link, AReceiverThatMovedGetsWhatIsForItsNewInstanceThoughTheOldOneStillRuns) {
  Node from(0, 1);
  Node old(1, 1);
  old.inbox.consume = false;
  from.transport->set_peers(1, {{1, 1, old.address()}});
  old.transport->set_peers(1, {});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  for (std::uint64_t i = 0; i < 400; ++i) send(from, 1, 1, i, 30'000);
  Node heir(1, 2);
  heir.transport->set_peers(2, {});
  from.transport->set_peers(2, {{1, 2, heir.address()}});
  send(from, 1, 2, 7);
  ASSERT_TRUE(heir.inbox.wait([&] { return !heir.inbox.batches.empty(); }));
  EXPECT_EQ(heir.inbox.batches, std::vector<std::uint64_t>{7});
  EXPECT_TRUE(from.transport->has_room(3));
  EXPECT_TRUE(from.inbox.wait([&] { return from.inbox.room.contains(3); }));
}

TEST(Link, ABatchForAnInstanceThatIsYetToBeNamedWaitsForIt) {
  Node from(0, 1);
  Node to(1, 1);
  from.transport->set_peers(1, {{1, 1, to.address()}});
  to.transport->set_peers(1, {});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  send(from, 1, 2, 8);  // the executors heard of the new instance before the link did
  EXPECT_FALSE(from.transport->drained());
  Node heir(1, 2);
  heir.transport->set_peers(1, {});
  from.transport->set_peers(1, {{1, 2, heir.address()}});
  ASSERT_TRUE(heir.inbox.wait([&] { return !heir.inbox.batches.empty(); }));
  EXPECT_EQ(heir.inbox.batches, std::vector<std::uint64_t>{8});
  EXPECT_TRUE(to.inbox.batches.empty());
}

TEST(Link, AWorkerThatLeavesTakesNoRoomWithItAndMayComeBack) {
  Node from(0, 1);
  auto to = std::make_unique<Node>(1, 1);
  to->inbox.consume = false;
  from.transport->set_peers(1, {{1, 1, to->address()}});
  to->transport->set_peers(1, {});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  for (std::uint64_t i = 0; send(from, 1, 1, i, 30'000); ++i) {
  }
  from.transport->set_peers(2, {});
  EXPECT_TRUE(from.inbox.wait([&] { return from.inbox.room.contains(3); }));
  send(from, 1, 1, 99);  // of an executor that has not heard
  EXPECT_TRUE(from.transport->has_room(3));
  EXPECT_TRUE(from.transport->drained());
  ASSERT_TRUE(from.inbox.wait([&] { return !from.inbox.ready.contains(1); }));
  Node again(1, 1025);
  again.transport->set_peers(3, {});
  from.transport->set_peers(3, {{1, 1025, again.address()}});
  send(from, 1, 1025, 7);
  ASSERT_TRUE(again.inbox.wait([&] { return !again.inbox.batches.empty(); }));
  EXPECT_EQ(again.inbox.batches, std::vector<std::uint64_t>{7});
}

TEST(Link, AnOldInstanceOfTheSenderIsToldThatItIsFenced) {
  Node to(1, 1);
  to.transport->set_peers(1, {});
  Node heir(0, 2);
  heir.transport->set_peers(1, {{1, 1, to.address()}});
  ASSERT_TRUE(heir.inbox.wait([&] { return heir.inbox.ready.contains(1); }));
  Node leftover(0, 1);
  leftover.transport->set_peers(1, {{1, 1, to.address()}});
  send(leftover, 1, 1, 13);
  ASSERT_TRUE(leftover.inbox.wait([&] { return leftover.inbox.fenced == 2; }));
  EXPECT_TRUE(to.inbox.batches.empty());
}

TEST(Link, AFrameOfANewerEpochWaitsForTheAssignment) {
  Node from(0, 1);
  Node to(1, 1);
  from.transport->set_peers(7, {{1, 1, to.address()}});
  ASSERT_TRUE(from.inbox.wait([&] { return from.inbox.ready.contains(1); }));
  send(from, 1, 1, 1);
  to.transport->send_floor({1, 1}, 1);  // something else goes on meanwhile
  EXPECT_TRUE(to.inbox.batches.empty());
  to.transport->set_peers(7, {});
  EXPECT_TRUE(to.inbox.wait([&] { return to.inbox.batches.size() == 1; }));
}

}  // namespace
}  // namespace rafale::worker
