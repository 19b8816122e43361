// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Certificates as gRPC wants them, and identities as it knows them.
#pragma once

#include <memory>

#include <grpcpp/security/auth_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include "absl/status/statusor.h"
#include "common/security.h"

namespace rafale::common {

/// The DNS name in every node's certificate; peers are checked by CA and role, not by host.
inline constexpr const char* kCommonName = "rafale";

/// Server credentials that check each call against `methods`, which must outlive them.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> server_credentials(
    const Security& security, const MethodTable& methods);
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials(
    const Security& security);

PeerIdentity identity_of(const grpc::AuthContext* context);

}  // namespace rafale::common
