// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The calls.

#include "nimbus/peer_client.h"

#include <algorithm>
#include <chrono>

#include <grpcpp/grpcpp.h>

#include "common/rpc/channel.h"
#include "rafale/v1/nimbus.grpc.pb.h"

namespace rafale::nimbus {
namespace {

constexpr std::size_t kSentPiece = 1 << 20;

}  // namespace

absl::Status push_blob(const std::string& address, const common::Security& security,
                       const std::string& sha256, const std::string& bytes) {
  const auto stub = v1::Nimbus::NewStub(common::make_channel(address, security));
  grpc::ClientContext context;
  common::set_deadline(context, std::chrono::seconds(30));
  v1::UploadResponse response;
  const auto writer = stub->Upload(&context, &response);
  for (std::size_t at = 0; at < bytes.size(); at += kSentPiece) {
    v1::UploadRequest request;
    if (at == 0) {
      request.set_sha256(sha256);
      request.set_size(bytes.size());
    }
    request.set_data(bytes.substr(at, kSentPiece));
    if (!writer->Write(request)) break;
  }
  writer->WritesDone();
  return common::to_absl(writer->Finish());
}

absl::StatusOr<std::string> pull_blob(const std::string& address, const common::Security& security,
                                      const std::string& sha256) {
  const auto stub = v1::NimbusForSupervisors::NewStub(common::make_channel(address, security));
  grpc::ClientContext context;
  common::set_deadline(context, std::chrono::seconds(30));
  v1::DownloadRequest request;
  request.set_sha256(sha256);
  const auto reader = stub->Download(&context, request);
  std::string bytes;
  v1::DownloadResponse response;
  while (reader->Read(&response)) bytes += response.data();
  absl::Status status = common::to_absl(reader->Finish());
  if (!status.ok()) return status;
  return bytes;
}

absl::Status push_totals(const std::string& address, const common::Security& security,
                         const std::string& topology, const v1::StoredTotals& totals) {
  const auto stub = v1::NimbusForSupervisors::NewStub(common::make_channel(address, security));
  grpc::ClientContext context;
  common::set_deadline(context, std::chrono::seconds(2));
  v1::StoreTotalsRequest request;
  request.set_topology(topology);
  *request.mutable_totals() = totals;
  v1::StoreTotalsResponse response;
  return common::to_absl(stub->StoreTotals(&context, request, &response));
}

}  // namespace rafale::nimbus
