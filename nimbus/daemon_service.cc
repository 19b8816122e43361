// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls of supervisors, workers and other Nimbus.

#include <algorithm>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/host_port.h"
#include "common/rpc/channel.h"
#include "coord/cluster_codec.h"
#include "nimbus/service_parts.h"
#include "nimbus/stats_codec.h"
#include "rafale/v1/nimbus.grpc.pb.h"

namespace rafale::nimbus {
namespace {

using grpc::ServerContext;
using grpc::Status;
constexpr std::size_t kPiece = 1 << 20;

template <class Strings>
void add_nimbuses(const ServiceParts& parts, Strings& to) {
  const auto nimbuses = parts.state.nimbuses();
  if (!nimbuses.ok()) return;
  for (const coord::NimbusInfo& nimbus : *nimbuses) {
    *to.Add() = common::host_port(nimbus.host, nimbus.port);
  }
}

/// Newest instances of all workers of a topology.
template <class Ids>
void add_current(const Coordinator& coordinator, const std::string& topology, Ids& to) {
  for (const auto& [key, instance] : coordinator.instances()) {
    if (key.first != topology) continue;
    *to.Add() = coord::to_proto(coord::InstanceId{key.first, key.second, instance});
  }
}

class SupervisorService final : public v1::NimbusForSupervisors::Service {
 public:
  explicit SupervisorService(const ServiceParts& parts) : parts_(parts) {}

  Status SupervisorHeartbeat(ServerContext* context, const v1::SupervisorHeartbeatRequest* request,
                             v1::SupervisorHeartbeatResponse* answer) override {
    Status status = check_leading(parts_, *context);
    if (!status.ok()) return status;
    if (request->info().protocol() != coord::kProtocol) {
      return {grpc::StatusCode::FAILED_PRECONDITION,
              absl::StrCat("this Nimbus speaks protocol ", coord::kProtocol, ", the supervisor ",
                           request->info().protocol(), ": bring both to one version")};
    }
    SupervisorBeat beat;
    beat.info = coord::from_proto(request->info());
    beat.free_disk_bytes = request->free_disk_bytes();
    beat.clock_ahead_ms = request->now_unix_ms() - parts_.clock.wall_ms();
    beat.workers.reserve(static_cast<std::size_t>(request->workers_size()));
    for (const v1::WorkerReport& worker : request->workers()) {
      beat.workers.push_back({worker.topology(), worker.worker(), worker.instance(), worker.port(),
                              worker.pid(), worker.state(), worker.restarts(), worker.last_exit(),
                              worker.last_words(), worker.uptime_ms()});
    }
    for (const v1::WorkerStats& dead : request->dead()) {
      parts_.stats.bury(dead);
      parts_.keep_totals(dead.topology());
      *answer->add_confirmed_dead() =
          coord::to_proto(coord::InstanceId{dead.topology(), dead.worker(), dead.instance()});
    }
    for (int i = 0; i < std::min(request->errors_size(), request->error_topologies_size()); ++i) {
      parts_.driver.hear_errors(request->error_topologies(i),
                                coord::from_proto(request->errors(i)));
    }
    parts_.driver.hear(std::move(beat));
    parts_.driver.with([&](const Coordinator& coordinator) {
      for (const v1::WorkerReport& worker : request->workers()) {
        add_current(coordinator, worker.topology(), *answer->mutable_current());
      }
    });
    add_nimbuses(parts_, *answer->mutable_nimbuses());
    return Status::OK;
  }

  Status Download(ServerContext*, const v1::DownloadRequest* request,
                  grpc::ServerWriter<v1::DownloadResponse>* writer) override {
    const auto bytes = parts_.blobs.get(request->sha256());
    if (!bytes.ok()) return common::to_grpc(bytes.status());
    v1::DownloadResponse answer;
    answer.set_size(bytes->size());
    for (std::size_t at = request->offset(); at < bytes->size(); at += kPiece) {
      answer.set_data(bytes->substr(at, kPiece));
      if (!writer->Write(answer)) break;
      answer.clear_size();
    }
    return Status::OK;
  }

  Status StoreTotals(ServerContext*, const v1::StoreTotalsRequest* request,
                     v1::StoreTotalsResponse*) override {
    parts_.stats.restore(request->topology(), request->totals());
    return Status::OK;
  }

 private:
  const ServiceParts parts_;
};

class WorkerService final : public v1::NimbusForWorkers::Service {
 public:
  explicit WorkerService(const ServiceParts& parts) : parts_(parts) {}

  Status WorkerHeartbeat(ServerContext* context, const v1::WorkerHeartbeatRequest* request,
                         v1::WorkerHeartbeatResponse* answer) override {
    Status status = check_leading(parts_, *context);
    if (!status.ok()) return status;
    const v1::WorkerStats& stats = request->stats();
    WorkerBeat beat;
    beat.topology = stats.topology();
    beat.worker = stats.worker();
    beat.instance = stats.instance();
    beat.adopted_epoch = request->adopted_epoch();
    beat.state = request->state();
    beat.pid = request->pid();
    beat.peers = request->peers();
    beat.ready_peers = request->ready_peers();
    beat.spouts_open = request->spouts_open();
    beat.pending = pending_of(stats);
    beat.uptime_ms = stats.uptime_ms();
    const bool known = parts_.driver.with([&](const Coordinator& coordinator) {
      const auto found = coordinator.view().assignments.find(beat.topology);
      if (found == coordinator.view().assignments.end()) return false;
      const coord::Assignment& assignment = found->second.value;
      if (assignment.epoch > beat.adopted_epoch) {
        *answer->mutable_assignment() = coord::to_proto(assignment);
      }
      add_current(coordinator, beat.topology, *answer->mutable_current());
      const auto newest = coordinator.instances().find({beat.topology, beat.worker});
      answer->set_not_yours(newest != coordinator.instances().end() &&
                            newest->second > beat.instance);
      return true;
    });
    if (known) {
      parts_.stats.hear(stats, parts_.clock.now_ns(), parts_.clock.wall_ms());
      if (!answer->not_yours()) parts_.driver.hear(beat);
      parts_.driver.hear_errors(beat.topology, coord::from_proto(request->errors()));
    }
    add_nimbuses(parts_, *answer->mutable_nimbuses());
    return Status::OK;
  }

 private:
  const ServiceParts parts_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_supervisor_service(const ServiceParts& parts) {
  return std::make_unique<SupervisorService>(parts);
}
std::unique_ptr<grpc::Service> make_worker_service(const ServiceParts& parts) {
  return std::make_unique<WorkerService>(parts);
}

}  // namespace rafale::nimbus
