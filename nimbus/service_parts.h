// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What the three services of a Nimbus share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <grpcpp/support/status.h>

#include "common/clock.h"
#include "common/security.h"
#include "coord/election.h"
#include "nimbus/blob_store.h"
#include "nimbus/driver.h"

namespace grpc {
class ServerContext;
class Service;
}  // namespace grpc

namespace rafale::nimbus {

class StatsBook;

struct ServiceParts {
  Driver& driver;
  BlobStore& blobs;
  StatsBook& stats;
  coord::ClusterState& state;
  const common::Clock& clock;
  coord::NimbusInfo self;
  std::function<const coord::Election&()> election;
  /// The totals of a topology changed for good: on the disk and at the others before it returns.
  std::function<void(const std::string& topology)> keep_totals;
  std::int64_t started_ns = 0;
};

/// OK if this Nimbus leads; else a refusal, and `context` names who does, see common/rpc/leader.h.
grpc::Status check_leading(const ServiceParts& parts, grpc::ServerContext& context);

/// For users; rafale.v1.Nimbus.
std::unique_ptr<grpc::Service> make_user_service(const ServiceParts& parts);
/// For supervisors and other Nimbus; rafale.v1.NimbusForSupervisors.
std::unique_ptr<grpc::Service> make_supervisor_service(const ServiceParts& parts);
/// For workers; rafale.v1.NimbusForWorkers.
std::unique_ptr<grpc::Service> make_worker_service(const ServiceParts& parts);

/// Which roles may call which of their methods.
common::MethodTable method_table();

}  // namespace rafale::nimbus
