// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Finding the leader and calling it.

#include "cli/nimbus_client.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/views_codec.h"
#include "common/host_port.h"
#include "common/random.h"
#include "common/rpc/channel.h"
#include "common/rpc/leader.h"
#include "common/sha256.h"
#include "rafale/v1/nimbus.grpc.pb.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;
using Stub = v1::Nimbus::Stub;
constexpr std::size_t kPiece = 1 << 20;
constexpr std::size_t kMostHops = 6;

}  // namespace

struct NimbusClient::Impl {
  explicit Impl(const common::ClusterConfig& c) : config(c), addresses(c.nimbus_addresses()) {}

  std::shared_ptr<Stub> stub_for(const std::string& address) {
    std::shared_ptr<Stub>& stub = stubs[address];
    if (stub == nullptr) {
      common::ChannelOptions options;
      options.max_receive_bytes = 64 << 20;
      stub = v1::Nimbus::NewStub(common::make_channel(address, config.security, options));
    }
    return stub;
  }

  /// Calls `rpc(stub, context)` at the leader: at the last known one, else at whom the others name.
  template <class Rpc>
  absl::Status at_leader(Rpc rpc) {
    std::vector<std::string> candidates = addresses;
    if (!leader.empty()) candidates.insert(candidates.begin(), leader);
    std::vector<std::string> answers;
    absl::Status result;
    const std::string answered = common::find_leader(
        std::move(candidates), kMostHops + addresses.size(),
        [&](const std::string& address) -> common::Asked {
          grpc::ClientContext context;
          common::set_deadline(context, timeout);
          result = common::to_absl(rpc(*stub_for(address), context));
          if (result.ok()) return {.done = true, .named = {}};
          const std::string named = common::named_leader(context);
          if (!named.empty()) {
            answers.push_back(absl::StrCat(address, " does not lead"));
            return {.done = false, .named = named};
          }
          if (!absl::IsUnavailable(result)) return {.done = true, .named = {}};
          answers.push_back(absl::StrCat(address, ": ", result.message()));
          stubs.erase(address);  // a fresh channel tries at once, this one only after a pause
          return {};
        });
    if (answered.empty()) {
      return absl::UnavailableError(
          absl::StrCat("no Nimbus answers as leader: ", absl::StrJoin(answers, "; "),
                       ". Is the cluster up? `rafale doctor` looks for the cause; nimbus.seeds or "
                       "RAFALE_CONFIG says where it is"));
    }
    if (result.ok()) leader = answered;
    return result;
  }

  const common::ClusterConfig config;
  std::vector<std::string> addresses;
  std::map<std::string, std::shared_ptr<Stub>> stubs;
  std::string leader;
  std::chrono::milliseconds timeout{15'000};
};

NimbusClient::NimbusClient(const common::ClusterConfig& config)
    : impl_(std::make_unique<Impl>(config)) {}
NimbusClient::~NimbusClient() = default;

void NimbusClient::set_timeout(std::chrono::milliseconds timeout) { impl_->timeout = timeout; }

absl::StatusOr<Json> NimbusClient::cluster() {
  v1::GetClusterResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.GetCluster(&context, {}, &answer);
  });
  if (!status.ok()) return status;
  // Each Nimbus answers this; only the one that leads hears heartbeats.
  if (!answer.leading() && answer.has_leader()) {
    const std::string address = common::host_port(answer.leader().host(), answer.leader().port());
    v1::GetClusterResponse of_leader;
    grpc::ClientContext context;
    common::set_deadline(context, impl_->timeout);
    if (impl_->stub_for(address)->GetCluster(&context, {}, &of_leader).ok()) {
      impl_->leader = address;
      answer = of_leader;
    }
  }
  return cluster_view(answer);
}

absl::StatusOr<Json> NimbusClient::cluster_by(const std::string& address) {
  v1::GetClusterResponse answer;
  grpc::ClientContext context;
  common::set_deadline(context, impl_->timeout);
  const grpc::Status status = impl_->stub_for(address)->GetCluster(&context, {}, &answer);
  if (!status.ok()) return common::to_absl(status);
  return cluster_view(answer);
}

absl::StatusOr<Json> NimbusClient::list() {
  v1::ListTopologiesResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.ListTopologies(&context, {}, &answer);
  });
  if (!status.ok()) return status;
  return list_view(answer);
}

absl::StatusOr<Json> NimbusClient::status(const std::string& name, const std::string& window) {
  v1::GetStatusRequest request;
  request.set_name(name);
  request.set_window(window);
  v1::GetStatusResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.GetStatus(&context, request, &answer);
  });
  if (!status.ok()) return status;
  return status_view(answer);
}

absl::StatusOr<Json> NimbusClient::errors(const std::string& name) {
  v1::GetErrorsRequest request;
  request.set_name(name);
  v1::GetErrorsResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.GetErrors(&context, request, &answer);
  });
  if (!status.ok()) return status;
  return errors_view(answer);
}

absl::StatusOr<std::string> NimbusClient::upload(
    const std::string& path, const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const absl::StatusOr<std::string> hash = common::sha256_of_file(path);
  if (!hash.ok()) return hash.status();
  const std::uint64_t size = std::filesystem::file_size(path);
  // Each Nimbus takes blobs, but a handle is good only where it was given: find the leader first.
  const absl::StatusOr<Json> topologies = list();
  if (!topologies.ok()) return topologies.status();
  v1::UploadResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    // A plugin may be large and the way to it slow.
    common::set_deadline(context, std::max(impl_->timeout, std::chrono::milliseconds(120'000)));
    const auto writer = stub.Upload(&context, &answer);
    std::ifstream in(path, std::ios::binary);
    std::string piece(kPiece, '\0');
    std::uint64_t sent = 0;
    bool first = true;
    while (sent < size || first) {
      in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
      v1::UploadRequest request;
      if (std::exchange(first, false)) {
        request.set_sha256(*hash);
        request.set_size(size);
      }
      request.set_data(piece.data(), static_cast<std::size_t>(in.gcount()));
      if (!writer->Write(request) || in.gcount() == 0) break;
      sent += static_cast<std::uint64_t>(in.gcount());
      progress(sent, size);
    }
    writer->WritesDone();
    return writer->Finish();
  });
  if (!status.ok()) return status;
  return answer.handle();
}

absl::StatusOr<Json> NimbusClient::submit(const Submission& submission) {
  v1::SubmitRequest request;
  request.set_request_id(common::random_hex(2));
  request.set_name(submission.name);
  request.set_plugin_handle(submission.plugin_handle);
  *request.mutable_spec() = spec_of(submission.graph, submission.settings);
  request.set_inactive(submission.inactive);
  request.set_dry_run(submission.dry_run);
  v1::SubmitResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.Submit(&context, request, &answer);
  });
  if (!status.ok()) return status;
  Json view{{"name", submission.name}, {"id", answer.topology()}};
  view["notes"] = Json::array();
  for (const std::string& note : answer.notes()) view["notes"].push_back(note);
  if (submission.dry_run) view["workers"] = workers_view(answer.planned());
  return view;
}

absl::StatusOr<Json> NimbusClient::kill(const std::string& name,
                                        std::optional<std::uint32_t> wait_secs) {
  v1::KillRequest request;
  request.set_request_id(common::random_hex(2));
  request.set_name(name);
  if (wait_secs) request.set_wait_secs(*wait_secs);
  v1::ChangeResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.Kill(&context, request, &answer);
  });
  if (!status.ok()) return status;
  return Json{{"name", name}, {"id", answer.topology()}};
}

absl::StatusOr<Json> NimbusClient::activate(const std::string& name) {
  v1::ChangeRequest request;
  request.set_request_id(common::random_hex(2));
  request.set_name(name);
  v1::ChangeResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.Activate(&context, request, &answer);
  });
  if (!status.ok()) return status;
  return Json{{"name", name}, {"id", answer.topology()}};
}

absl::StatusOr<Json> NimbusClient::deactivate(const std::string& name) {
  v1::ChangeRequest request;
  request.set_request_id(common::random_hex(2));
  request.set_name(name);
  v1::ChangeResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.Deactivate(&context, request, &answer);
  });
  if (!status.ok()) return status;
  return Json{{"name", name}, {"id", answer.topology()}};
}

absl::StatusOr<Json> NimbusClient::rebalance(const RebalanceCall& call) {
  v1::RebalanceRequest request;
  request.set_request_id(common::random_hex(2));
  request.set_name(call.name);
  if (call.workers) request.set_workers(*call.workers);
  for (const auto& [component, count] : call.executors) {
    (*request.mutable_executors())[component] = count;
  }
  if (call.wait_secs) request.set_wait_secs(*call.wait_secs);
  request.set_dry_run(call.dry_run);
  v1::ChangeResponse answer;
  absl::Status status = impl_->at_leader([&](Stub& stub, grpc::ClientContext& context) {
    return stub.Rebalance(&context, request, &answer);
  });
  if (!status.ok()) return status;
  return Json{{"name", call.name},
              {"id", answer.topology()},
              {"before", workers_view(answer.before())},
              {"workers", workers_view(answer.planned())}};
}

}  // namespace rafale::cli
