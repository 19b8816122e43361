// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The calling side of gRPC: channels with our certificates and settings.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "common/security.h"

namespace grpc {
class Channel;
class ClientContext;
class Status;
}  // namespace grpc

namespace rafale::common {

struct ChannelOptions {
  std::chrono::milliseconds keepalive{20'000};
  int max_receive_bytes = 16 << 20;
  /// Of the socket, if the address is a unix one; 0: the system's. The channel then connects at
  /// once and once only.
  int send_buffer = 0;
};

/// `address` is "host:port" (IPv6 in brackets) or "unix:/path". Does not wait for a connection. The
/// server's certificate must be signed by security.ca_file; its role is what we check, by
/// `server_role` in its SAN, not its host name, as machines have several.
std::shared_ptr<grpc::Channel> make_channel(const std::string& address, const Security& security,
                                            const ChannelOptions& options = {});

/// Every call needs an end.
void set_deadline(grpc::ClientContext& context, std::chrono::milliseconds from_now);

/// Same codes, same text.
absl::Status to_absl(const grpc::Status& status);
grpc::Status to_grpc(const absl::Status& status);

}  // namespace rafale::common
