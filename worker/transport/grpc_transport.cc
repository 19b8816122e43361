// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The transport: links, server and the I/O thread.

#include <array>
#include <condition_variable>
#include <deque>
#include <thread>

#include <grpcpp/grpcpp.h>

#include "common/clock.h"
#include "common/rpc/server.h"
#include "worker/transport/in_link.h"
#include "worker/transport/out_link.h"

namespace rafale::worker {
namespace {

constexpr std::int64_t kWindow = 8 << 20;
constexpr std::int64_t kSmallestWindow = 2 * Batch::kBlockBytes;

std::int64_t window_of(const Transport::Options& options) {
  const auto share = static_cast<std::int64_t>(
      options.receive_memory /
      (std::max<std::size_t>(options.workers, 1) * std::max<std::size_t>(options.tasks, 1)));
  return std::clamp(share, kSmallestWindow, kWindow);
}

common::RpcServer::Options server_options(const Transport::Options& options) {
  common::RpcServer::Options server;
  server.security = options.security;
  server.max_receive_bytes = 64 << 20;
  server.keepalive = std::chrono::milliseconds(2000);
  server.methods.allow("/rafale.v1.WorkerLink/Data", {common::Role::worker});
  server.methods.allow("/rafale.v1.WorkerLink/Ctl", {common::Role::worker});
  return server;
}

class GrpcTransport final : public Transport {
 public:
  GrpcTransport(const Options& options, TransportEvents& events)
      : options_(options),
        events_(events),
        server_(server_options(options)),
        queue_(server_.add_queue()),
        shared_{options_, events_, *queue_},
        credit_(options.tasks, window_of(options)) {}

  ~GrpcTransport() override { stop(); }

  absl::Status open() {
    server_.add_generic(service_);
    if (!options_.unix_socket.empty()) {
      absl::Status status = server_.listen_unix(options_.unix_socket);
      if (!status.ok()) return status;
    }
    const auto port = server_.listen_tcp(options_.bind, options_.port);
    if (!port.ok()) return port.status();
    port_ = *port;
    absl::Status status = server_.start();
    if (!status.ok()) return status;
    in_ = std::make_unique<InLinks>(shared_, service_, *queue_, window_of(options_));
    in_->start();
    thread_ = std::thread([this] { run(); });
    return absl::OkStatus();
  }

  std::uint16_t port() const override { return port_; }

  void ready() override {
    post([this] { in_->ready(); });
  }

  void set_peers(std::uint32_t epoch, const std::vector<Peer>& peers) override {
    for (const Peer& peer : peers) {  // before anybody sends
      if (peer.worker < InLinks::kMostWorkers) link_to(peer.worker);
    }
    post([this, epoch, peers] {
      shared_.epoch.store(std::max(epoch, shared_.epoch.load()), std::memory_order_release);
      std::map<std::uint32_t, std::uint32_t> instances;
      std::array<bool, InLinks::kMostWorkers> wanted{};
      for (const Peer& peer : peers) {
        if (peer.worker >= InLinks::kMostWorkers) continue;
        wanted[peer.worker] = true;
        instances[peer.worker] = peer.instance;
        link_to(peer.worker).set_peer(peer);
      }
      for (std::uint32_t worker = 0; worker < InLinks::kMostWorkers; ++worker) {
        Out* out = outs_[worker].load();
        if (out != nullptr && !wanted[worker]) out->stop();
      }
      in_->adopt(epoch, instances);
    });
  }

  bool send(Batch* batch) override {
    const std::uint32_t worker = batch->to.worker;
    Out* out =
        worker < InLinks::kMostWorkers ? outs_[worker].load(std::memory_order_acquire) : nullptr;
    if (out == nullptr || batch->to.task > options_.tasks) {
      batch->release();
      return true;
    }
    const bool room = credit_.add(batch->to.task, batch->bytes);
    out->data.push(batch);
    return room;
  }

  void send(std::uint32_t worker, TaskId spout_task, RecordBlock* block) override {
    Out* out =
        worker < InLinks::kMostWorkers ? outs_[worker].load(std::memory_order_acquire) : nullptr;
    if (out == nullptr) {
      block->home->give_back(block);
      return;
    }
    auto* item = new CtlItem;
    item->spout_task = spout_task;
    item->block = block;
    out->ctl.push(item);
  }

  void flush(std::uint32_t worker) override {
    Out* out =
        worker < InLinks::kMostWorkers ? outs_[worker].load(std::memory_order_acquire) : nullptr;
    if (out == nullptr) return;
    out->data.flush();
    out->ctl.flush();
  }

  void send_floor(const SpoutRef& spout, std::uint64_t floor) override {
    for (auto& entry : outs_) {
      Out* out = entry.load(std::memory_order_acquire);
      if (out == nullptr || !out->ctl.up()) continue;
      auto* item = new CtlItem;
      item->floor = {spout, floor};
      out->ctl.push(item);
      out->ctl.flush();
    }
  }

  bool has_room(TaskId task) const override { return credit_.has_room(task); }

  void consumed(std::uint32_t from_worker, TaskId task, std::uint32_t bytes) override {
    in_->consumed(from_worker, task, bytes);
  }

  bool drained() const override {
    for (const auto& entry : outs_) {
      const Out* out = entry.load(std::memory_order_acquire);
      if (out != nullptr && !(out->data.drained() && out->ctl.drained())) return false;
    }
    return true;
  }

  TransportCounts counts() const override {
    TransportCounts counts = shared_.counts;
    counts.frames_sent = shared_.frames_sent.load();
    counts.bytes_sent = shared_.bytes_sent.load();
    return counts;
  }

  void stop() override {
    if (!thread_.joinable()) return;
    shared_.stopping.store(true);
    post([this] {
      for (auto& entry : outs_) {
        if (Out* out = entry.load()) out->stop();
      }
      in_->stop();
      ending_ = true;
    });
    server_.stop(std::chrono::milliseconds(0));  // no call comes any more
    {
      std::unique_lock lock(mutex_);
      ended_.wait(lock, [this] { return links_ended_; });
    }
    shared_.waker.close();
    queue_->Shutdown();
    thread_.join();
    for (auto& entry : outs_) delete entry.exchange(nullptr);
    in_.reset();
  }

 private:
  /// Both links to one worker.
  struct Out {
    Out(LinkShared& shared, CreditGate& credit, TransportEvents& to, std::uint32_t number)
        : events(to),
          worker(number),
          data(shared, false, &credit, link_events()),
          ctl(shared, true, nullptr, link_events()) {}

    OutLink::Events link_events() {
      return {.changed = [this](bool) { look(); },
              .newer = [this](std::uint32_t newer) { learn(newer); }};
    }
    void set_peer(const Peer& peer) {
      address = peer.address;
      instance = std::max(instance, peer.instance);
      data.set_peer({peer.worker, instance, address});
      ctl.set_peer({peer.worker, instance, address});
    }
    void learn(std::uint32_t newer) {
      if (newer <= instance) return;
      instance = newer;
      events.on_instance(worker, newer);
      data.set_peer({worker, newer, address});
      ctl.set_peer({worker, newer, address});
    }
    void look() {
      const bool both = data.up() && ctl.up();
      if (both == told_up) return;
      told_up = both;
      both ? events.on_peer_ready(worker, instance) : events.on_peer_down(worker, instance);
    }
    void stop() {
      data.stop();
      ctl.stop();
    }
    bool stopped() const { return data.stopped() && ctl.stopped(); }

    TransportEvents& events;
    const std::uint32_t worker;
    std::uint32_t instance = 0;
    std::string address;
    bool told_up = false;
    OutLink data;
    OutLink ctl;
  };

  Out& link_to(std::uint32_t worker) {
    const std::lock_guard lock(outs_mutex_);
    if (outs_[worker].load() == nullptr) {
      outs_[worker].store(new Out(shared_, credit_, events_, worker), std::memory_order_release);
      known_workers_.store(std::max(known_workers_.load(), worker + 1));
    }
    return *outs_[worker].load();
  }

  /// Has `work` run on the I/O thread.
  void post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    shared_.waker.wake();
  }

  void run_posted() {
    std::deque<std::function<void()>> work;
    {
      const std::lock_guard lock(mutex_);
      work.swap(posted_);
    }
    for (const auto& item : work) item();
  }

  void run() {
    void* tag = nullptr;
    bool ok = false;
    for (;;) {
      if (shared_.waker.may_sleep()) {
        const bool more = queue_->Next(&tag, &ok);
        shared_.waker.woke();
        if (!more) return;
        static_cast<CallTag*>(tag)->done(ok);
      }
      if (shared_.waker.take_wanted()) serve();
      if (ending_) look_for_end();
    }
  }

  /// What other threads asked for.
  void serve() {
    run_posted();
    for (std::uint32_t worker = 0; worker < known_workers_.load(); ++worker) {
      if (Out* out = outs_[worker].load(std::memory_order_acquire)) {
        out->data.serve();
        out->ctl.serve();
      }
    }
    in_->serve();
  }

  void look_for_end() {
    for (auto& entry : outs_) {
      const Out* out = entry.load();
      if (out != nullptr && !out->stopped()) return;
    }
    if (!in_->stopped()) return;
    {
      const std::lock_guard lock(mutex_);
      links_ended_ = true;
    }
    ended_.notify_all();
  }

  const Options options_;
  TransportEvents& events_;
  grpc::AsyncGenericService service_;
  common::RpcServer server_;
  grpc::ServerCompletionQueue* queue_;
  LinkShared shared_;
  CreditGate credit_;
  std::uint16_t port_ = 0;
  std::unique_ptr<InLinks> in_;
  std::array<std::atomic<Out*>, InLinks::kMostWorkers> outs_{};

  std::mutex outs_mutex_;                        // while one is made
  std::atomic<std::uint32_t> known_workers_{0};  // above the highest number in outs_

  std::mutex mutex_;
  std::condition_variable ended_;
  std::deque<std::function<void()>> posted_;
  bool ending_ = false;  // I/O thread
  bool links_ended_ = false;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Transport>> Transport::start(const Options& options,
                                                            TransportEvents& events) {
  auto transport = std::make_unique<GrpcTransport>(options, events);
  absl::Status status = transport->open();
  if (!status.ok()) return status;
  return transport;
}

}  // namespace rafale::worker
