// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Streams by token. Each has a thread that writes, so that a worker which stands still holds up
// nobody else.

#include "supervisor/attach_service.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "coord/cluster_codec.h"
#include "rafale/v1/supervisor.grpc.pb.h"

namespace rafale::supervisor {
namespace {

using Stream = grpc::ServerReaderWriter<v1::AttachResponse, v1::AttachRequest>;

/// What waits for a worker that does not read; with more its line is cut. It attaches again, and
/// is told everything, when it goes on.
constexpr std::size_t kMostWaiting = 256;

/// The way to one worker. All functions from any thread.
class Line {
 public:
  Line(Stream* stream, grpc::ServerContext* context)
      : stream_(stream), context_(context), thread_([this] { run(); }) {}
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  ~Line() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      if (writing_) context_->TryCancel();
    }
    wake_.notify_one();
    thread_.join();
  }

  void write(v1::AttachResponse response) {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= kMostWaiting) context_->TryCancel();
      waiting_.push_back(std::move(response));
    }
    wake_.notify_one();
  }

  void cut() { context_->TryCancel(); }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    for (;;) {
      wake_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
      if (closed_) return;
      const v1::AttachResponse response = std::move(waiting_.front());
      waiting_.pop_front();
      writing_ = true;
      lock.unlock();
      stream_->Write(response);
      lock.lock();
      writing_ = false;
    }
  }

  Stream* const stream_;
  grpc::ServerContext* const context_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<v1::AttachResponse> waiting_;
  bool closed_ = false;
  bool writing_ = false;
  std::thread thread_;  // the last member: it uses the others
};

class GrpcAttachHub final : public AttachHub, public v1::SupervisorForWorkers::Service {
 public:
  explicit GrpcAttachHub(Events events) : events_(std::move(events)) {}

  grpc::Service& service() override { return *this; }

  grpc::Status Attach(grpc::ServerContext* context, Stream* stream) override {
    v1::AttachRequest request;
    std::string token;
    Line line(stream, context);
    bool ours = true;
    while (ours && stream->Read(&request)) {
      ours = events_.said({request.topology(), request.worker(), request.instance(),
                           request.token(), request.pid(), request.state(), request.adopted_epoch(),
                           request.failure()});
      if (!ours || !token.empty()) continue;
      token = request.token();
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) return grpc::Status::CANCELLED;
        lines_[token] = &line;
      }
      events_.attached(token);
    }
    const std::lock_guard lock(mutex_);
    const auto found = lines_.find(token);
    if (found != lines_.end() && found->second == &line) lines_.erase(found);
    if (ours) return grpc::Status::OK;
    return {grpc::StatusCode::PERMISSION_DENIED, "this process is none of this supervisor's"};
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
    if (found != lines_.end()) found->second->write(std::move(response));
  }

  void stop() override {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& [token, line] : lines_) line->cut();
  }

 private:
  const Events events_;
  std::mutex mutex_;
  std::map<std::string, Line*> lines_;  // each lives on its call's thread
  bool stopping_ = false;
};

}  // namespace

std::unique_ptr<AttachHub> AttachHub::make(Events events) {
  return std::make_unique<GrpcAttachHub>(std::move(events));
}

}  // namespace rafale::supervisor
