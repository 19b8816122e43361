// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reading logs for users.

#include "supervisor/supervisor_service.h"

#include <algorithm>
#include <filesystem>

#include <grpcpp/grpcpp.h>

#include "absl/strings/str_cat.h"
#include "common/utf8.h"
#include "coord/cluster_codec.h"
#include "rafale/v1/supervisor.grpc.pb.h"
#include "supervisor/log_files.h"

namespace rafale::supervisor {
namespace {

constexpr std::uint32_t kLines = 200;
constexpr std::uint32_t kMostLines = 1'000'000;

/// A topology's id has no way out of the folder of logs.
bool is_plain(const std::string& name) {
  return !name.empty() && name[0] != '.' && name.find('/') == std::string::npos;
}

class SupervisorService final : public v1::Supervisor::Service {
 public:
  SupervisorService(const Driver& driver, coord::SupervisorInfo self, std::string log_dir,
                    const std::atomic<bool>& stopping)
      : driver_(driver),
        self_(std::move(self)),
        log_dir_(std::move(log_dir)),
        stopping_(stopping) {}

  grpc::Status ReadLog(grpc::ServerContext* context, const v1::ReadLogRequest* request,
                       grpc::ServerWriter<v1::ReadLogResponse>* writer) override {
    if (!is_plain(request->topology()) || request->port() == 0) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "a topology and a port are needed"};
    }
    const std::string path =
        log_folder(log_dir_, request->topology(), request->port()) + "/worker.log";
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
      return {grpc::StatusCode::NOT_FOUND,
              absl::StrCat("no log of ", request->topology(), " on port ", request->port())};
    }
    const std::uint32_t lines =
        request->lines() == 0 ? kLines : std::min(request->lines(), kMostLines);
    v1::ReadLogResponse response;
    response.set_port(request->port());
    read_log(
        path, lines, request->follow(), request->component(),
        [&] { return context->IsCancelled() || stopping_.load(); },
        [&](const std::string& line) {
          response.set_line(common::valid_utf8(line));
          return writer->Write(response);
        });
    return grpc::Status::OK;
  }

  grpc::Status GetSupervisor(grpc::ServerContext*, const v1::GetSupervisorRequest*,
                             v1::GetSupervisorResponse* answer) override {
    *answer->mutable_info() = coord::to_proto(self_);
    for (const v1::WorkerReport& report : driver_.reports()) *answer->add_workers() = report;
    return grpc::Status::OK;
  }

 private:
  const Driver& driver_;
  const coord::SupervisorInfo self_;
  const std::string log_dir_;
  const std::atomic<bool>& stopping_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_supervisor_service(const Driver& driver,
                                                       const coord::SupervisorInfo& self,
                                                       const std::string& log_dir,
                                                       const std::atomic<bool>& stopping) {
  return std::make_unique<SupervisorService>(driver, self, log_dir, stopping);
}

}  // namespace rafale::supervisor
