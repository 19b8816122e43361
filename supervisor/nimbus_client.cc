// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Heartbeats, and following the leader.

#include "supervisor/nimbus_client.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "rafale/v1/nimbus.grpc.pb.h"

namespace rafale::supervisor {
namespace {

using Stub = v1::NimbusForSupervisors::Stub;
constexpr std::chrono::milliseconds kInterval{1000};
constexpr std::chrono::milliseconds kDeadline{2000};
constexpr std::chrono::milliseconds kDownload{60'000};
constexpr std::size_t kMostHops = 8;

class GrpcNimbusClient final : public NimbusClient {
 public:
  GrpcNimbusClient(std::vector<std::string> seeds, common::Security security, Events events)
      : seeds_(std::move(seeds)),
        security_(std::move(security)),
        events_(std::move(events)),
        known_(seeds_),
        thread_([this] { run(); }) {}

  ~GrpcNimbusClient() override {
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
      const grpc::Status status = reader->Finish();
      if (status.ok()) return bytes;
      last = absl::Status(static_cast<absl::StatusCode>(status.error_code()),
                          absl::StrCat("cannot fetch blob ", sha256.substr(0, 12), "... from ",
                                       address, ": ", status.error_message()));
    }
    return last;
  }

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

  void beat() {
    const v1::SupervisorHeartbeatRequest request = events_.request();
    std::vector<std::string> candidates = nimbuses();
    if (!leader_.empty()) candidates.insert(candidates.begin(), leader_);
    std::set<std::string> tried;
    for (std::size_t i = 0; i < candidates.size() && tried.size() < kMostHops; ++i) {
      const std::string address = candidates[i];
      if (!tried.insert(address).second) continue;
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

  bool call(const std::string& address, const v1::SupervisorHeartbeatRequest& request,
            std::string& named) {
    std::unique_ptr<Stub>& stub = stubs_[address];
    if (stub == nullptr) {
      stub = v1::NimbusForSupervisors::NewStub(common::make_channel(address, security_));
    }
    grpc::ClientContext context;
    common::set_deadline(context, kDeadline);
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return true;
      context_ = &context;
    }
    v1::SupervisorHeartbeatResponse response;
    const grpc::Status status = stub->SupervisorHeartbeat(&context, request, &response);
    {
      const std::lock_guard lock(mutex_);
      context_ = nullptr;
      if (status.ok() && response.nimbuses_size() > 0) {
        known_.assign(response.nimbuses().begin(), response.nimbuses().end());
        for (const std::string& seed : seeds_) {
          if (std::ranges::find(known_, seed) == known_.end()) known_.push_back(seed);
        }
      }
    }
    if (status.ok()) {
      events_.answer(response);
      return true;
    }
    const auto& trailing = context.GetServerTrailingMetadata();
    const auto found = trailing.find("rafale-leader");
    if (found != trailing.end()) named.assign(found->second.data(), found->second.size());
    stubs_.erase(address);  // a fresh channel tries at once, this one only after a pause
    return false;
  }

  const std::vector<std::string> seeds_;
  const common::Security security_;
  const Events events_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::string> known_;
  grpc::ClientContext* context_ = nullptr;
  bool due_ = false;
  bool stopping_ = false;
  std::string leader_;                                  // own thread
  std::map<std::string, std::unique_ptr<Stub>> stubs_;  // own thread
  std::thread thread_;
};

}  // namespace

std::unique_ptr<NimbusClient> NimbusClient::start(std::vector<std::string> seeds,
                                                  const common::Security& security, Events events) {
  return std::make_unique<GrpcNimbusClient>(std::move(seeds), security, std::move(events));
}

}  // namespace rafale::supervisor
