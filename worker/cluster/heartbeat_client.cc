// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Heartbeats, and following the leader.

#include "worker/cluster/heartbeat_client.h"

#include <unistd.h>

#include <atomic>
#include <iterator>
#include <mutex>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/clock.h"
#include "common/keeper_thread.h"
#include "common/rpc/leader.h"
#include "rafale/v1/nimbus.grpc.pb.h"
#include "worker/cluster/cluster_codec.h"

namespace rafale::worker {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kDeadline{2000};
constexpr std::ptrdiff_t kMostWaiting = 100;

class GrpcHeartbeatClient final : public HeartbeatClient {
 public:
  GrpcHeartbeatClient(const Launch& launch, Sources sources)
      : launch_(launch),
        sources_(std::move(sources)),
        line_({launch.tls_ca, launch.tls_cert, launch.tls_key, launch.insecure}, kDeadline),
        nimbuses_(launch.nimbuses),
        keeper_(kInterval, [this] { beat(); }) {}

  ~GrpcHeartbeatClient() override {
    line_.cancel();
    keeper_.stop();
  }

  void beat_now() override { keeper_.wake(); }

  void use_nimbuses(const std::vector<std::string>& addresses) override {
    const std::lock_guard lock(mutex_);
    if (!addresses.empty()) nimbuses_ = addresses;
  }

  std::int64_t answered_ns() const override { return answered_.load(); }

 private:
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
    if (std::ssize(errors_) > kMostWaiting)
      errors_.erase(errors_.begin(), errors_.end() - kMostWaiting);
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
    std::vector<std::string> nimbuses;
    {
      const std::lock_guard lock(mutex_);
      nimbuses = nimbuses_;
    }
    v1::WorkerHeartbeatResponse response;
    if (!line_.call(std::move(nimbuses), [&](auto& stub, grpc::ClientContext& context) {
          return stub.WorkerHeartbeat(&context, request, &response);
        })) {
      return;
    }
    answered_ = common::SystemClock().now_ns();
    errors_.clear();
    sources_.news(news_of(response, launch_.topology));
  }

  const Launch launch_;
  const Sources sources_;
  common::LeaderLine<v1::NimbusForWorkers> line_;
  std::mutex mutex_;
  std::vector<std::string> nimbuses_;
  std::atomic<std::int64_t> answered_{0};
  std::vector<ReportedError> errors_;  // the keeper's thread; not answered yet
  common::KeeperThread keeper_;        // the last member: it uses the others
};

}  // namespace

std::unique_ptr<HeartbeatClient> HeartbeatClient::start(const Launch& launch, Sources sources) {
  return std::make_unique<GrpcHeartbeatClient>(launch, std::move(sources));
}

}  // namespace rafale::worker
