// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From listeners and services to a running gRPC server.

#include "common/rpc/server.h"

#include <mutex>
#include <utility>

#include <google/protobuf/descriptor.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/logger.h>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/loopback.h"
#include "common/rpc/acceptor.h"
#include "common/rpc/credentials.h"

namespace rafale::common {

using ExternalAcceptor = grpc::experimental::ExternalConnectionAcceptor;

struct RpcServer::Impl {
  explicit Impl(Options o) : options(std::move(o)) {}

  Acceptor::Take hand_over(std::shared_ptr<grpc::ServerCredentials> credentials) {
    const std::shared_ptr<ExternalAcceptor> external =
        builder.experimental().AddExternalConnectionAcceptor(
            grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
            std::move(credentials));
    return [external](int fd) {
      ExternalAcceptor::NewConnectionParameters connection;
      connection.listener_fd = -1;
      connection.fd = fd;
      external->HandleNewConnection(&connection);
    };
  }

  absl::Status check_methods() const {
    for (const std::string& name : services) {
      const auto* service =
          google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
      if (service == nullptr) {
        return absl::InternalError(absl::StrCat("no description of service ", name));
      }
      for (int i = 0; i < service->method_count(); ++i) {
        const std::string method = absl::StrCat("/", name, "/", service->method(i)->name());
        if (!options.methods.knows(method)) {
          return absl::InternalError(
              absl::StrCat("no role is named for ", method, ": nothing is served"));
        }
      }
    }
    return absl::OkStatus();
  }

  Options options;
  grpc::ServerBuilder builder;
  Acceptor acceptor;
  std::vector<std::string> services;
  std::unique_ptr<grpc::Server> server;
  std::vector<std::unique_ptr<grpc::ServerCompletionQueue>> queues;
  std::once_flag stopped;
};

RpcServer::RpcServer(Options options) : impl_(std::make_unique<Impl>(std::move(options))) {
  grpc::ServerBuilder& builder = impl_->builder;
  const auto keepalive = static_cast<int>(impl_->options.keepalive.count());
  builder.SetMaxReceiveMessageSize(impl_->options.max_receive_bytes);
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 500);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 1024);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, 8192);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10'000);
}

RpcServer::~RpcServer() { stop(std::chrono::milliseconds(0)); }

PeerIdentity peer_of(const grpc::ServerContextBase& context) {
  return identity_of(context.auth_context().get());
}

void RpcServer::add(grpc::Service& service, std::string_view full_name) {
  impl_->builder.RegisterService(&service);
  impl_->services.emplace_back(full_name);
}

void RpcServer::add_generic(grpc::AsyncGenericService& service) {
  impl_->builder.RegisterAsyncGenericService(&service);
}

absl::StatusOr<std::uint16_t> RpcServer::listen_tcp(const std::string& host, std::uint16_t port) {
  const Security& security = impl_->options.security;
  if (!security.tls() && !is_loopback(host)) {
    if (!security.insecure) {
      return absl::FailedPreconditionError(absl::StrCat(
          "refusing to listen on ", host,
          " without encryption: set rafale.tls.ca, .cert and .key (rafale certs makes them), or "
          "rafale.bind: 127.0.0.1, or, in a network that you trust wholly, insecure: true"));
    }
    log::make("rpc")->warn(
        "INSECURE: {} is served without encryption or authentication; whoever reaches this port "
        "may run code here",
        host);
  }
  auto credentials = server_credentials(security, impl_->options.methods);
  if (!credentials.ok()) return credentials.status();
  return impl_->acceptor.listen_tcp(host, port, impl_->hand_over(*std::move(credentials)));
}

absl::Status RpcServer::listen_unix(const std::string& path) {
  return impl_->acceptor.listen_unix(path, impl_->hand_over(grpc::InsecureServerCredentials()));
}

grpc::ServerCompletionQueue* RpcServer::add_queue() {
  impl_->queues.push_back(impl_->builder.AddCompletionQueue());
  return impl_->queues.back().get();
}

absl::Status RpcServer::start() {
  absl::Status methods = impl_->check_methods();
  if (!methods.ok()) return methods;
  impl_->server = impl_->builder.BuildAndStart();
  if (impl_->server == nullptr) return absl::InternalError("gRPC's server does not start");
  impl_->acceptor.start();
  return absl::OkStatus();
}

void RpcServer::stop(std::chrono::milliseconds grace) {
  std::call_once(impl_->stopped, [this, grace] {
    impl_->acceptor.stop();
    if (impl_->server == nullptr) return;
    impl_->server->Shutdown(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                         gpr_time_from_millis(grace.count(), GPR_TIMESPAN)));
    if (impl_->queues.empty()) impl_->server->Wait();
  });
}

}  // namespace rafale::common
