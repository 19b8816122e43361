// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Refusing calls that are the leader's.

#include "nimbus/service_parts.h"

#include "common/rpc/channel.h"
#include "common/rpc/leader.h"

namespace rafale::nimbus {

grpc::Status check_leading(const ServiceParts& parts, grpc::ServerContext& context) {
  std::string leader;
  const absl::Status leading = parts.driver.check_leading(leader);
  if (!leading.ok()) common::name_leader(context, leader);
  return common::to_grpc(leading);
}

}  // namespace rafale::nimbus
