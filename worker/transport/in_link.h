// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The receiving ends of all links: answers HELLOs, checks and hands on frames, acks them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>

#include "worker/ack/record_writer.h"
#include "worker/transport/out_link.h"

namespace rafale::worker {

/// On the I/O thread, except consumed().
class InLinks {
 public:
  static constexpr std::uint32_t kMostWorkers = 1024;

  InLinks(LinkShared& shared, grpc::AsyncGenericService& service,
          grpc::ServerCompletionQueue& queue, std::int64_t window);
  ~InLinks();
  InLinks(const InLinks&) = delete;
  InLinks& operator=(const InLinks&) = delete;

  /// Accepts calls from now on.
  void start();
  /// HELLOs are answered with READY from now on.
  void ready();
  /// Frames that waited for this epoch are worked on; instances below are strangers.
  void adopt(std::uint32_t epoch, const std::map<std::uint32_t, std::uint32_t>& instances);
  /// See Transport::consumed(). Any thread.
  void consumed(std::uint32_t worker, TaskId task, std::uint32_t bytes);
  /// Tells the senders what consumed() has freed.
  void serve();
  void stop();
  /// No call is left, and as the server has stopped none will come.
  bool stopped() const { return calls_.empty() && next_ == nullptr; }
  void drop(void* call);

 private:
  struct Call;
  struct Sender;

  void accept();
  void on_hello(Call& call, const wire::FrameHeader& header, const wire::Greeting& hello);
  void on_frame(Call& call, const grpc::ByteBuffer& bytes);
  bool work(Call& call, const wire::FrameHeader& header, wire::Reader& reader);
  bool take_batches(Call& call, const wire::FrameHeader& header, wire::Reader& reader);
  bool take_records(Call& call, wire::Reader& reader);
  void note_received(Call& call, std::size_t bytes);
  void send_greeting(Call& call, wire::Kind kind);
  Sender& sender_of(std::uint32_t worker, bool ctl);

  LinkShared& shared_;
  grpc::AsyncGenericService& service_;
  grpc::ServerCompletionQueue& queue_;
  const std::int64_t window_;
  BatchPool batches_;
  RecordBlockPool blocks_;
  std::array<std::array<std::atomic<Sender*>, 2>, kMostWorkers> senders_{};
  std::map<std::uint32_t, std::uint32_t> instances_;  // newest known, by worker
  std::vector<std::unique_ptr<Call>> calls_;
  std::unique_ptr<Call> next_;
  bool ready_ = false;
};

}  // namespace rafale::worker
