// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls of users.

#include <functional>
#include <optional>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "coord/cluster_codec.h"
#include "nimbus/scheduler.h"
#include "nimbus/service_parts.h"
#include "nimbus/stats_codec.h"
#include "nimbus/status_codec.h"
#include "rafale/v1/nimbus.grpc.pb.h"

namespace rafale::nimbus {
namespace {

using grpc::ServerContext;
using grpc::Status;

class UserService final : public v1::Nimbus::Service {
 public:
  explicit UserService(const ServiceParts& parts) : parts_(parts) {}

  Status GetCluster(ServerContext*, const v1::GetClusterRequest*,
                    v1::GetClusterResponse* answer) override {
    *answer->mutable_self() = coord::to_proto(parts_.self);
    std::string leader_address;
    answer->set_leading(parts_.driver.check_leading(leader_address).ok());
    if (const auto leader = parts_.election().leader()) {
      *answer->mutable_leader() = coord::to_proto(*leader);
    }
    const bool connected = parts_.state.store().connection() == coord::Connection::connected;
    answer->set_zookeeper(connected ? "connected" : "away");
    if (connected) {
      const auto nimbuses = parts_.state.nimbuses();
      if (nimbuses.ok()) {
        for (const coord::NimbusInfo& nimbus : *nimbuses) {
          *answer->add_nimbuses() = coord::to_proto(nimbus);
        }
      }
    }
    answer->set_uptime_ms((parts_.clock.now_ns() - parts_.started_ns) / 1'000'000);
    parts_.driver.with([&](const Coordinator& coordinator) {
      for (const coord::SupervisorInfo& info : coordinator.view().supervisors) {
        const auto state = coordinator.supervisors().find(info.id);
        if (state != coordinator.supervisors().end()) {
          *answer->add_supervisors() =
              summary(coordinator, state->second, parts_.clock.now_ns(), parts_.clock.wall_ms());
        }
      }
    });
    return Status::OK;
  }

  Status Upload(ServerContext* context, grpc::ServerReader<v1::UploadRequest>* reader,
                v1::UploadResponse* answer) override {
    v1::UploadRequest request;
    if (!reader->Read(&request)) return {grpc::StatusCode::INVALID_ARGUMENT, "nothing was sent"};
    const std::string sha256 = request.sha256();
    const std::string owner = common::peer_of(*context).subject;
    // Another Nimbus copies blobs here whether this one leads or not.
    if (parts_.blobs.has(sha256)) {
      answer->set_already_there(true);
      answer->set_handle(parts_.blobs.make_handle(sha256, owner));
      while (reader->Read(&request)) {
      }
      return Status::OK;
    }
    const auto upload = parts_.blobs.begin(sha256, request.size());
    if (!upload.ok()) return common::to_grpc(upload.status());
    do {
      const absl::Status added = (*upload)->add(request.data());
      if (!added.ok()) return common::to_grpc(added);
    } while (reader->Read(&request));
    const absl::Status finished = (*upload)->finish();
    if (!finished.ok()) return common::to_grpc(finished);
    answer->set_handle(parts_.blobs.make_handle(sha256, owner));
    return Status::OK;
  }

  Status Submit(ServerContext* context, const v1::SubmitRequest* request,
                v1::SubmitResponse* answer) override {
    return as_leader(*context, [&]() -> absl::Status {
      SubmitOrder order;
      order.request_id = request->request_id();
      order.name = request->name();
      order.spec = coord::from_proto(request->spec());
      order.inactive = request->inactive();
      order.owner = common::peer_of(*context).subject;
      for (std::string& note : placement_notes(order.spec)) *answer->add_notes() = std::move(note);
      if (request->dry_run()) {
        auto plan = parts_.driver.plan_submit(order);
        if (!plan.ok()) return plan.status();
        *answer->mutable_planned() = coord::to_proto(*plan);
        return absl::OkStatus();
      }
      if (order.request_id.empty()) return absl::InvalidArgumentError("a request id is missing");
      auto plugin = parts_.blobs.redeem(request->plugin_handle(), order.owner);
      if (!plugin.ok()) return plugin.status();
      order.plugin_sha256 = *std::move(plugin);
      auto id = parts_.driver.submit(order);
      if (!id.ok()) return id.status();
      answer->set_topology(*id);
      return absl::OkStatus();
    });
  }

  Status Kill(ServerContext* context, const v1::KillRequest* request,
              v1::ChangeResponse* answer) override {
    return as_leader(*context, [&] {
      return named(parts_.driver.kill(request->request_id(), request->name(),
                                      request->has_wait_secs() ? std::optional(request->wait_secs())
                                                               : std::nullopt),
                   *answer);
    });
  }
  Status Activate(ServerContext* context, const v1::ChangeRequest* request,
                  v1::ChangeResponse* answer) override {
    return as_leader(*context, [&] {
      return named(parts_.driver.set_active(request->request_id(), request->name(), true), *answer);
    });
  }
  Status Deactivate(ServerContext* context, const v1::ChangeRequest* request,
                    v1::ChangeResponse* answer) override {
    return as_leader(*context, [&] {
      return named(parts_.driver.set_active(request->request_id(), request->name(), false),
                   *answer);
    });
  }

  Status Rebalance(ServerContext* context, const v1::RebalanceRequest* request,
                   v1::ChangeResponse* answer) override {
    return as_leader(*context, [&]() -> absl::Status {
      Driver::Rebalance order;
      order.request_id = request->request_id();
      order.name = request->name();
      if (request->has_workers()) order.workers = request->workers();
      if (request->has_wait_secs()) order.wait_secs = request->wait_secs();
      order.executors.insert(request->executors().begin(), request->executors().end());
      if (!request->dry_run()) return named(parts_.driver.rebalance(order), *answer);
      auto change = parts_.driver.plan_rebalance(order);
      if (!change.ok()) return change.status();
      answer->set_topology(change->id);
      *answer->mutable_before() = coord::to_proto(change->before);
      *answer->mutable_planned() = coord::to_proto(change->after);
      return absl::OkStatus();
    });
  }

  Status ListTopologies(ServerContext* context, const v1::ListTopologiesRequest*,
                        v1::ListTopologiesResponse* answer) override {
    return as_leader(*context, [&] {
      parts_.driver.with([&](const Coordinator& coordinator) {
        for (const auto& [id, topology] : coordinator.view().topologies) {
          *answer->add_topologies() =
              summary(coordinator, topology.value, parts_.clock.now_ns(), parts_.clock.wall_ms());
        }
      });
      return absl::OkStatus();
    });
  }

  Status GetStatus(ServerContext* context, const v1::GetStatusRequest* request,
                   v1::GetStatusResponse* answer) override {
    return as_leader(*context, [&]() -> absl::Status {
      const auto record = parts_.driver.find(request->name());
      if (!record.ok()) return record.status();
      parts_.driver.with([&](const Coordinator& coordinator) {
        *answer = status_answer(coordinator, parts_.stats, *record, request->window(),
                                parts_.clock.now_ns(), parts_.clock.wall_ms());
      });
      return absl::OkStatus();
    });
  }

  Status GetErrors(ServerContext* context, const v1::GetErrorsRequest* request,
                   v1::GetErrorsResponse* answer) override {
    return as_leader(*context, [&]() -> absl::Status {
      const auto errors = parts_.driver.errors(request->name());
      if (!errors.ok()) return errors.status();
      for (const coord::ErrorEntry& error : *errors) {
        *answer->add_errors() = coord::to_proto(error);
      }
      return absl::OkStatus();
    });
  }

 private:
  /// Runs the call if this Nimbus leads, else says who does.
  Status as_leader(ServerContext& context, const std::function<absl::Status()>& call) {
    Status leading = check_leading(parts_, context);
    return leading.ok() ? common::to_grpc(call()) : leading;
  }

  static absl::Status named(const absl::StatusOr<std::string>& id, v1::ChangeResponse& answer) {
    if (!id.ok()) return id.status();
    answer.set_topology(*id);
    return absl::OkStatus();
  }

  const ServiceParts parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_user_service(const ServiceParts& parts) {
  return std::make_unique<UserService>(parts);
}

common::MethodTable method_table() {
  using common::Role;
  common::MethodTable table;
  for (const char* method : {"GetCluster", "Submit", "Kill", "Activate", "Deactivate", "Rebalance",
                             "ListTopologies", "GetStatus", "GetErrors"}) {
    table.allow(absl::StrCat("/rafale.v1.Nimbus/", method), {Role::user});
  }
  table.allow("/rafale.v1.Nimbus/Upload", {Role::user, Role::nimbus});
  table.allow("/rafale.v1.NimbusForSupervisors/SupervisorHeartbeat", {Role::supervisor});
  table.allow("/rafale.v1.NimbusForSupervisors/Download", {Role::supervisor, Role::nimbus});
  table.allow("/rafale.v1.NimbusForSupervisors/StoreTotals", {Role::nimbus});
  table.allow("/rafale.v1.NimbusForWorkers/WorkerHeartbeat", {Role::worker});
  return table;
}

}  // namespace rafale::nimbus
