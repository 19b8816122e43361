// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Heartbeats, and following the leader.

#include "supervisor/nimbus_client.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/keeper_thread.h"
#include "common/rpc/channel.h"
#include "common/rpc/leader.h"
#include "rafale/v1/nimbus.grpc.pb.h"

namespace rafale::supervisor {
namespace {

constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kDeadline{2000};
constexpr std::chrono::milliseconds kDownload{60'000};

class GrpcNimbusClient final : public NimbusClient {
 public:
  GrpcNimbusClient(std::vector<std::string> seeds, common::Security security, Events events)
      : seeds_(std::move(seeds)),
        security_(std::move(security)),
        events_(std::move(events)),
        line_(security_, kDeadline),
        known_(seeds_),
        keeper_(kInterval, [this] { beat(); }) {}

  ~GrpcNimbusClient() override {
    line_.cancel();
    keeper_.stop();
  }

  void beat_now() override { keeper_.wake(); }

  std::vector<std::string> nimbuses() const override {
    const std::lock_guard lock(mutex_);
    return known_;
  }

  absl::StatusOr<std::string> download(const std::string& sha256) override {
    absl::Status last = absl::UnavailableError("no Nimbus is known");
    for (const std::string& address : nimbuses()) {
      const auto stub = v1::NimbusForSupervisors::NewStub(common::make_channel(address, security_));
      grpc::ClientContext context;
      common::set_deadline(context, kDownload);
      v1::DownloadRequest request;
      request.set_sha256(sha256);
      const auto reader = stub->Download(&context, request);
      std::string bytes;
      v1::DownloadResponse response;
      while (reader->Read(&response)) bytes += response.data();
      const absl::Status status = common::to_absl(reader->Finish());
      if (status.ok()) return bytes;
      last =
          absl::Status(status.code(), absl::StrCat("cannot fetch blob ", sha256.substr(0, 12),
                                                   "... from ", address, ": ", status.message()));
    }
    return last;
  }

 private:
  void beat() {
    const v1::SupervisorHeartbeatRequest request = events_.request();
    v1::SupervisorHeartbeatResponse response;
    if (!line_.call(nimbuses(), [&](auto& stub, grpc::ClientContext& context) {
          return stub.SupervisorHeartbeat(&context, request, &response);
        })) {
      return;
    }
    if (response.nimbuses_size() > 0) {
      const std::lock_guard lock(mutex_);
      known_.assign(response.nimbuses().begin(), response.nimbuses().end());
      for (const std::string& seed : seeds_) {
        if (std::ranges::find(known_, seed) == known_.end()) known_.push_back(seed);
      }
    }
    events_.answer(response);
  }

  const std::vector<std::string> seeds_;
  const common::Security security_;
  const Events events_;
  common::LeaderLine<v1::NimbusForSupervisors> line_;
  mutable std::mutex mutex_;
  std::vector<std::string> known_;
  common::KeeperThread keeper_;  // the last member: it uses the others
};

}  // namespace

std::unique_ptr<NimbusClient> NimbusClient::start(std::vector<std::string> seeds,
                                                  const common::Security& security, Events events) {
  return std::make_unique<GrpcNimbusClient>(std::move(seeds), security, std::move(events));
}

}  // namespace rafale::supervisor
