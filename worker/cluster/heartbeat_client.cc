// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Heartbeats, and following the leader.

#include "worker/cluster/heartbeat_client.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/clock.h"
#include "common/rpc/channel.h"
#include "rafale/v1/nimbus.grpc.pb.h"
#include "worker/cluster/cluster_codec.h"

namespace rafale::worker {
namespace {

using Stub = v1::NimbusForWorkers::Stub;
constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kDeadline{2000};
constexpr std::ptrdiff_t kMostErrors = 100;

class GrpcHeartbeatClient final : public HeartbeatClient {
 public:
  GrpcHeartbeatClient(const Launch& launch, Sources sources)
      : launch_(launch),
        sources_(std::move(sources)),
        security_{launch.tls_ca, launch.tls_cert, launch.tls_key, launch.insecure},
        nimbuses_(launch.nimbuses),
        thread_([this] { run(); }) {}

  ~GrpcHeartbeatClient() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (context_ != nullptr) context_->TryCancel();
    }
    wake_.notify_all();
    thread_.join();
  }

  void beat_now() override {
    {
      const std::lock_guard lock(mutex_);
      due_ = true;
    }
    wake_.notify_all();
  }

  void use_nimbuses(const std::vector<std::string>& addresses) override {
    const std::lock_guard lock(mutex_);
    if (!addresses.empty()) nimbuses_ = addresses;
  }

  std::int64_t answered_ns() const override { return answered_.load(); }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      due_ = false;
      lock.unlock();
      beat();
      lock.lock();
      wake_.wait_for(lock, kInterval, [this] { return stopping_ || due_; });
    }
  }

  v1::WorkerHeartbeatRequest make_request() {
    const Pulse pulse = sources_.pulse();
    v1::WorkerHeartbeatRequest request;
    request.set_supervisor(launch_.supervisor);
    request.set_token(launch_.token);
    request.set_pid(static_cast<std::uint32_t>(getpid()));
    request.set_adopted_epoch(pulse.adopted_epoch);
    request.set_state(pulse.state);
    request.set_peers(pulse.peers);
    request.set_ready_peers(pulse.ready_peers);
    request.set_spouts_open(pulse.spouts_open);
    if (TopologyRuntime* runtime = sources_.runtime()) {
      *request.mutable_stats() = stats_of(*runtime, launch_);
    } else {
      request.mutable_stats()->set_topology(launch_.topology);
      request.mutable_stats()->set_worker(launch_.worker);
      request.mutable_stats()->set_instance(launch_.instance);
    }
    for (ReportedError& error : sources_.errors()) errors_.push_back(std::move(error));
    if (std::ssize(errors_) > kMostErrors)
      errors_.erase(errors_.begin(), errors_.end() - kMostErrors);
    for (const ReportedError& error : errors_) {
      v1::ErrorEntry& entry = *request.add_errors();
      entry.set_component(error.component);
      entry.set_text(error.text);
      entry.set_at_unix_ms(error.at_unix_ms);
      entry.set_host(launch_.host);
      entry.set_port(launch_.port);
      entry.set_count(1);
    }
    return request;
  }

  void beat() {
    const v1::WorkerHeartbeatRequest request = make_request();
    std::vector<std::string> candidates;
    {
      const std::lock_guard lock(mutex_);
      if (!leader_.empty()) candidates.push_back(leader_);
      candidates.insert(candidates.end(), nimbuses_.begin(), nimbuses_.end());
    }
    for (std::size_t i = 0; i < candidates.size() && i < 8; ++i) {
      const std::string address = candidates[i];
      if (std::find(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(i),
                    address) != candidates.begin() + static_cast<std::ptrdiff_t>(i)) {
        continue;
      }
      std::string named;
      if (call(address, request, named)) {
        leader_ = address;
        return;
      }
      if (!named.empty()) {
        candidates.insert(candidates.begin() + static_cast<std::ptrdiff_t>(i) + 1, named);
      }
    }
    leader_.clear();
  }

  bool call(const std::string& address, const v1::WorkerHeartbeatRequest& request,
            std::string& named) {
    std::shared_ptr<Stub> stub = stubs_[address];
    if (stub == nullptr) {
      stub = v1::NimbusForWorkers::NewStub(common::make_channel(address, security_));
      stubs_[address] = stub;
    }
    grpc::ClientContext context;
    common::set_deadline(context, kDeadline);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return true;
      context_ = &context;
    }
    v1::WorkerHeartbeatResponse response;
    const grpc::Status status = stub->WorkerHeartbeat(&context, request, &response);
    {
      const std::lock_guard lock(mutex_);
      context_ = nullptr;
    }
    if (!status.ok()) {
      const auto& trailing = context.GetServerTrailingMetadata();
      const auto found = trailing.find("rafale-leader");
      if (found != trailing.end()) named.assign(found->second.data(), found->second.size());
      stubs_.erase(address);  // a fresh channel tries at once, this one only after a pause
      return false;
    }
    answered_ = common::SystemClock().now_ns();
    errors_.clear();
    sources_.news(news_of(response, launch_.topology));
    return true;
  }

  const Launch launch_;
  const Sources sources_;
  const common::Security security_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> nimbuses_;
  grpc::ClientContext* context_ = nullptr;
  bool due_ = false;
  bool stopping_ = false;
  std::atomic<std::int64_t> answered_{0};
  std::vector<ReportedError> errors_;                   // own thread; not answered yet
  std::string leader_;                                  // own thread
  std::map<std::string, std::shared_ptr<Stub>> stubs_;  // own thread
  std::thread thread_;
};

}  // namespace

std::unique_ptr<HeartbeatClient> HeartbeatClient::start(const Launch& launch, Sources sources) {
  return std::make_unique<GrpcHeartbeatClient>(launch, std::move(sources));
}

}  // namespace rafale::worker
