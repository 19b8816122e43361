// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The stream and its renewal.

#include "worker/cluster/attach_client.h"

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "common/rpc/channel.h"
#include "rafale/v1/supervisor.grpc.pb.h"
#include "worker/cluster/cluster_codec.h"

namespace rafale::worker {
namespace {

using Stream = grpc::ClientReaderWriter<v1::AttachRequest, v1::AttachResponse>;
constexpr std::chrono::milliseconds kPause{200};

class StreamAttachClient final : public AttachClient {
 public:
  StreamAttachClient(const Launch& launch, std::function<void(ClusterNews)> on_news)
      : launch_(launch), on_news_(std::move(on_news)), thread_([this] { run(); }) {}

  ~StreamAttachClient() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      if (context_ != nullptr) context_->TryCancel();
    }
    wake_.notify_all();
    thread_.join();
  }

  void say(const WorkerWord& word) override {
    const std::lock_guard lock(mutex_);
    word_ = word;
    if (stream_ != nullptr && !finishing_) write();
  }

  void finish(const WorkerWord& last, std::chrono::milliseconds at_most) override {
    std::unique_lock lock(mutex_);
    word_ = last;
    finishing_ = true;
    if (stream_ != nullptr) {
      write();
      stream_->WritesDone();
    }
    wake_.notify_all();
    wake_.wait_for(lock, at_most, [this] { return finished_; });
  }

  bool attached() const override { return attached_.load(); }

 private:
  /// With mutex_ held.
  void write() {
    v1::AttachRequest request;
    request.set_topology(launch_.topology);
    request.set_worker(launch_.worker);
    request.set_instance(launch_.instance);
    request.set_token(launch_.token);
    request.set_pid(static_cast<std::uint32_t>(getpid()));
    request.set_state(word_.state);
    request.set_adopted_epoch(word_.adopted_epoch);
    request.set_failure(word_.failure);
    stream_->Write(request);
  }

  void run() {
    for (;;) {
      grpc::ClientContext context;
      const auto stub = v1::SupervisorForWorkers::NewStub(
          common::make_channel("unix:" + launch_.supervisor_socket, {}));
      const std::unique_ptr<Stream> stream = stub->Attach(&context);
      {
        const std::lock_guard lock(mutex_);
        if (stopping_) {
          context.TryCancel();
        } else {
          context_ = &context;
          stream_ = stream.get();
          write();
          if (finishing_) stream_->WritesDone();
        }
      }
      v1::AttachResponse response;
      while (stream->Read(&response)) {
        attached_ = true;
        on_news_(news_of(response, launch_.topology));
      }
      const bool was_there = attached_.exchange(false);
      {
        const std::lock_guard lock(mutex_);
        if (!finishing_) stream->WritesDone();
        stream_ = nullptr;
      }
      const grpc::Status status = stream->Finish();
      {
        const std::lock_guard lock(mutex_);
        context_ = nullptr;
      }
      if (status.error_code() == grpc::StatusCode::PERMISSION_DENIED) {
        // It looks after another process in our place: nobody would ever end us.
        ClusterNews refused;
        refused.not_yours = true;
        on_news_(std::move(refused));
      }
      std::unique_lock lock(mutex_);
      if (finishing_ && was_there) {  // the stream has ended as we said that we have no more
        finished_ = true;
        wake_.notify_all();
        return;
      }
      if (stopping_ || wake_.wait_for(lock, kPause, [this] { return stopping_; })) return;
    }
  }

  const Launch launch_;
  const std::function<void(ClusterNews)> on_news_;
  std::mutex mutex_;
  std::condition_variable wake_;
  WorkerWord word_;
  Stream* stream_ = nullptr;
  grpc::ClientContext* context_ = nullptr;
  bool finishing_ = false;
  bool finished_ = false;
  bool stopping_ = false;
  std::atomic<bool> attached_{false};
  std::thread thread_;
};

}  // namespace

std::unique_ptr<AttachClient> AttachClient::start(const Launch& launch,
                                                  std::function<void(ClusterNews)> on_news) {
  return std::make_unique<StreamAttachClient>(launch, std::move(on_news));
}

}  // namespace rafale::worker
