// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A gRPC server with our own accept loop, certificates and the table of who may call what.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/security.h"

namespace grpc {
class AsyncGenericService;
class Service;
class ServerBuilder;
class ServerContextBase;
class ServerCompletionQueue;
}  // namespace grpc

namespace rafale::common {

/// Identity of the peer of a call; any thread, while the call lasts.
PeerIdentity peer_of(const grpc::ServerContextBase& context);

/// Set up, then started once; lives until the end of the process or stop(). Each listener accepts
/// by itself and hands connections to gRPC, as gRPC 1.51's own listener dies for good when file
/// descriptors run out (CVE-2023-4785); connections are capped.
class RpcServer {
 public:
  struct Options {
    Security security;
    MethodTable methods;
    int max_connections = 1024;
    int max_receive_bytes = 4 << 20;
    /// Keepalive between workers; 20 s elsewhere.
    std::chrono::milliseconds keepalive{20'000};
  };
  explicit RpcServer(Options options);
  ~RpcServer();

  /// Adds a service; not owned. start() fails, naming it, if a method of the service is missing
  /// from the table. `full_name` as "rafale.v1.Nimbus", whose descriptor is looked up.
  void add(grpc::Service& service, std::string_view full_name);
  /// Adds one that takes all methods of the table that no other service has.
  void add_generic(grpc::AsyncGenericService& service);
  /// Port 0: a free one. Plaintext off loopback needs security.insecure. Returns the bound port.
  absl::StatusOr<std::uint16_t> listen_tcp(const std::string& host, std::uint16_t port);
  /// The folder must be ours with mode 0700, and is made so if it is missing; each peer must have
  /// our user id (SO_PEERCRED). An old socket file is replaced.
  absl::Status listen_unix(const std::string& path);
  /// For services that use the completion-queue API; before start().
  grpc::ServerCompletionQueue* add_queue();

  absl::Status start();
  /// Ends calls that are under way after `grace`. Any thread, once.
  void stop(std::chrono::milliseconds grace);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rafale::common
