// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Streams by token.

#include "supervisor/attach_service.h"

#include <mutex>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "coord/cluster_codec.h"
#include "rafale/v1/supervisor.grpc.pb.h"

namespace rafale::supervisor {
namespace {

using Stream = grpc::ServerReaderWriter<v1::AttachResponse, v1::AttachRequest>;

class GrpcAttachHub final : public AttachHub, public v1::SupervisorForWorkers::Service {
 public:
  explicit GrpcAttachHub(Events events) : events_(std::move(events)) {}

  grpc::Service& service() override { return *this; }

  grpc::Status Attach(grpc::ServerContext* context, Stream* stream) override {
    v1::AttachRequest request;
    std::string token;
    while (stream->Read(&request)) {
      const bool ours = events_.said({request.topology(), request.worker(), request.instance(),
                                      request.token(), request.pid(), request.state(),
                                      request.adopted_epoch(), request.failure()});
      if (!ours) {
        return {grpc::StatusCode::PERMISSION_DENIED, "this process is none of this supervisor's"};
      }
      if (!token.empty()) continue;
      token = request.token();
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return grpc::Status::CANCELLED;
        lines_[token] = {stream, context};
      }
      events_.attached(token);
    }
    const std::lock_guard lock(mutex_);
    const auto found = lines_.find(token);
    if (found != lines_.end() && found->second.stream == stream) lines_.erase(found);
    return grpc::Status::OK;
  }

  void tell(const std::string& token, const WorkerNews& news) override {
    v1::AttachResponse response;
    if (news.assignment != nullptr) {
      *response.mutable_assignment() = coord::to_proto(*news.assignment);
    }
    for (const coord::InstanceId& id : news.current) *response.add_current() = coord::to_proto(id);
    for (const std::string& address : news.nimbuses) response.add_nimbuses(address);
    for (const coord::SupervisorInfo& info : news.supervisors) {
      *response.add_supervisors() = coord::to_proto(info);
    }
    response.set_stop(news.stop);
    response.set_stop_within_ms(news.stop_within_ms);
    const std::lock_guard lock(mutex_);
    const auto found = lines_.find(token);
    if (found != lines_.end()) found->second.stream->Write(response);
  }

  void stop() override {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [token, line] : lines_) line.context->TryCancel();
  }

 private:
  struct Line {
    Stream* stream = nullptr;
    grpc::ServerContext* context = nullptr;
  };
  const Events events_;
  std::mutex mutex_;
  std::map<std::string, Line> lines_;
  bool stopping_ = false;
};

}  // namespace

std::unique_ptr<AttachHub> AttachHub::make(Events events) {
  return std::make_unique<GrpcAttachHub>(std::move(events));
}

}  // namespace rafale::supervisor
