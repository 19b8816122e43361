// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Channel arguments and conversions of status.

#include "common/rpc/channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>

#include "common/rpc/credentials.h"

namespace rafale::common {
namespace {

constexpr std::string_view kUnix = "unix:";

/// A connected socket that does not block, or -1.
int connect_unix(std::string_view path, int send_buffer) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return -1;
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd);
    return -1;
  }
  return fd;
}

}  // namespace

std::shared_ptr<grpc::Channel> make_channel(const std::string& address, const Security& security,
                                            const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(options.max_receive_bytes);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive.count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(options.keepalive.count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (address.starts_with(kUnix)) {
    if (options.send_buffer > 0) {
      const int fd =
          connect_unix(std::string_view(address).substr(kUnix.size()), options.send_buffer);
      if (fd >= 0) return grpc::CreateCustomInsecureChannelFromFd(address, fd, arguments);
    }
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }
  if (security.tls()) arguments.SetSslTargetNameOverride(kCommonName);
  const auto credentials = channel_credentials(security);
  if (!credentials.ok()) {
    return grpc::CreateCustomChannel("ipv4:127.0.0.1:1", nullptr, arguments);  // a lame channel
  }
  return grpc::CreateCustomChannel("dns:" + address, *credentials, arguments);
}

void set_deadline(grpc::ClientContext& context, std::chrono::milliseconds from_now) {
  context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                    gpr_time_from_millis(from_now.count(), GPR_TIMESPAN)));
}

absl::Status to_absl(const grpc::Status& status) {
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

grpc::Status to_grpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

}  // namespace rafale::common
