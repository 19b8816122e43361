// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The stream of log lines.

#include "cli/supervisor_client.h"

#include <chrono>

#include <grpcpp/grpcpp.h>

#include "common/rpc/channel.h"
#include "rafale/v1/supervisor.grpc.pb.h"

namespace rafale::cli {

absl::Status read_log(const std::string& address, const common::Security& security,
                      const LogCall& call, const std::function<void(const std::string&)>& on_line) {
  const auto stub = v1::Supervisor::NewStub(common::make_channel(address, security));
  v1::ReadLogRequest request;
  request.set_topology(call.topology);
  request.set_port(call.port);
  request.set_lines(call.lines);
  request.set_follow(call.follow);
  request.set_component(call.component);
  grpc::ClientContext context;
  common::set_deadline(context, call.follow ? std::chrono::hours(24) : std::chrono::seconds(20));
  const auto reader = stub->ReadLog(&context, request);
  v1::ReadLogResponse answer;
  while (reader->Read(&answer)) on_line(answer.line());
  return common::to_absl(reader->Finish());
}

}  // namespace rafale::cli
