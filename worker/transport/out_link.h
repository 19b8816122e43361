// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The sending end of one link: dials, numbers frames, keeps them until they are acked.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

#include "common/random.h"
#include "worker/batch/mpsc_queue.h"
#include "worker/transport/call_tag.h"
#include "worker/transport/credit_gate.h"
#include "worker/transport/io_waker.h"
#include "worker/transport/message.h"
#include "worker/transport/transport_options.h"

namespace rafale::worker {

/// Something for the Ctl link: a block of records, or a floor.
struct CtlItem : MpscNode {
  TaskId spout_task = 0;
  RecordBlock* block = nullptr;
  wire::Floor floor;
};

/// What all links of one transport share.
struct LinkShared {
  const Transport::Options& options;
  TransportEvents& events;
  grpc::CompletionQueue& queue;
  IoWaker waker{queue};
  std::atomic<std::uint32_t> epoch{0};
  TransportCounts counts{};  ///< I/O thread; without frames_sent and bytes_sent
  std::atomic<std::uint64_t> frames_sent{0};
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<bool> stopping{false};
};

/// Data or Ctl to one other worker. push() from any thread. Whoever pushes to a link that was quiet
/// for a while writes at once, which saves a thread's wake-up; on a busy link the I/O thread does
/// it, as two threads at work in one gRPC channel get in each other's way, and so more goes into
/// one frame. All else on the I/O thread.
class OutLink {
 public:
  struct Peer {
    std::uint32_t worker = 0;
    std::uint32_t instance = 0;
    std::string address;
  };
  struct Events {
    /// READY came for this instance, or the link went down.
    std::function<void(bool up)> changed;
    /// The receiver is a newer instance than we knew of.
    std::function<void(std::uint32_t instance)> newer;
  };
  OutLink(LinkShared& shared, bool ctl, CreditGate* credit, Events events);
  ~OutLink();
  OutLink(const OutLink&) = delete;
  OutLink& operator=(const OutLink&) = delete;

  /// Waits for flush(), or until a few more are there.
  void push(Batch* batch);
  void push(CtlItem* item);
  void flush() {
    if (queued_.load(std::memory_order_seq_cst) > 0) kick();
  }

  /// Writes what waits, if nothing is being written. I/O thread.
  void serve();

  /// Another instance or address: what was for an older instance is dropped. I/O thread.
  void set_peer(const Peer& peer);
  /// Cuts the link, drops what is for it and dials no more, until set_peer(). I/O thread.
  void stop();
  /// Nothing of it is in the completion queue.
  bool stopped() const { return call_ == nullptr && abandoned_.empty() && !alarm_set_; }
  bool up() const { return up_.load(std::memory_order_acquire); }
  /// Nothing waits to be sent or acked. Any thread.
  bool drained() const;

 private:
  struct Call;
  struct Unacked {
    std::uint64_t seq = 0;
    grpc::ByteBuffer bytes;
    std::vector<std::pair<TaskId, std::int64_t>> batches;
  };

  void dial();
  void on_started(bool ok);
  void on_read(bool ok);
  void on_written(bool ok);
  void on_finished();
  void on_message();
  void on_greeting(wire::Kind kind, const wire::Greeting& greeting);
  void on_ack(std::uint64_t seq, const std::vector<wire::Credit>& credits);
  void hang_up();
  void maybe_done();
  void abandon();
  void bury(Call& call);
  void dial_later();
  void go_up();
  void reset_sequence();
  void pushed();
  void kick();
  void pump();
  bool next_frame(Unacked& frame);
  bool fill_batches(MessageBuilder& builder, Unacked& frame);
  bool fill_records(MessageBuilder& builder);
  void drop_queued();
  void give_back(TaskId task, std::int64_t bytes);
  void discard(CtlItem* item);

  LinkShared& shared_;
  const bool ctl_;
  CreditGate* credit_;
  Events events_;
  MpscQueue<Batch> batches_;
  MpscQueue<CtlItem> items_;
  std::atomic<std::int64_t> queued_{0};
  std::atomic<bool> up_{false};
  std::atomic<bool> gone_{false};  // no such peer: what comes is dropped
  std::atomic<std::int64_t> wrote_at_ns_{0};
  std::atomic<bool> writing_{false};  // whoever sets it may write and take from the queues

  mutable std::mutex mutex_;  // what the writer and the I/O thread share
  Peer peer_;
  Batch* ahead_ = nullptr;  // next of batches_, for an instance that set_peer() is yet to name
  std::deque<Unacked> unacked_;
  std::size_t resend_ = 0;  // index in unacked_ of the next frame to send
  std::uint64_t next_seq_ = 1;
  std::map<TaskId, std::pair<std::uint64_t, std::uint64_t>> passed_;  // sent, consumed, of the link

  // I/O thread.
  std::shared_ptr<grpc::Channel> channel_;
  std::string channel_address_;
  std::unique_ptr<Call> call_;
  std::vector<std::unique_ptr<Call>> abandoned_;
  grpc::Alarm alarm_;
  bool alarm_set_ = false;
  CallTag on_alarm_;
  int failures_ = 0;
  bool stopping_ = false;
  common::Random random_;
};

}  // namespace rafale::worker
