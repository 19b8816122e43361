// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Dialing, sending and resending. HOT PATH.

#include "worker/transport/out_link.h"

#include <algorithm>
#include <utility>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "common/clock.h"
#include "common/rpc/channel.h"
#include "worker/ack/record_writer.h"

namespace rafale::worker {
namespace {

constexpr std::int64_t kEnough = 4;         // batches or blocks that do not wait for more
constexpr std::int64_t kQuietNs = 200'000;  // a link without a write for so long is not busy
// When gRPC finds a socket's buffer full it has a thread of its own poll for room, which then gets
// in the way of ours with everything that comes.
constexpr int kSendBuffer = 4 << 20;
constexpr std::int64_t kFirstPauseMs = 20;
constexpr std::int64_t kLongestPauseMs = 1000;
constexpr const char* kDataMethod = "/rafale.v1.WorkerLink/Data";
constexpr const char* kCtlMethod = "/rafale.v1.WorkerLink/Ctl";

}  // namespace

struct OutLink::Call {
  explicit Call(OutLink& link)
      : started([this, &link](bool ok) { abandoned ? link.bury(*this) : link.on_started(ok); }),
        read([this, &link](bool ok) { abandoned ? link.bury(*this) : link.on_read(ok); }),
        written([this, &link](bool ok) { abandoned ? link.bury(*this) : link.on_written(ok); }),
        finished([this, &link](bool) { abandoned ? link.bury(*this) : link.on_finished(); }) {}

  grpc::ClientContext context;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
  grpc::ByteBuffer in;
  grpc::Status status;
  CallTag started, read, written, finished;
  std::atomic<int> pending{0};  // operations whose completion has not come
  bool greeted = false;         // our HELLO is written
  bool ready = false;           // READY came
  bool hanging_up = false;
  bool finishing = false;
  bool abandoned = false;  // nobody waits for its end
  bool writing = false;    // a frame is being written; under the link's mutex
};

OutLink::OutLink(LinkShared& shared, bool ctl, CreditGate* credit, Events events)
    : shared_(shared),
      ctl_(ctl),
      credit_(credit),
      events_(std::move(events)),
      on_alarm_([this](bool) {
        alarm_set_ = false;
        dial();
      }),
      random_(common::random_seed()) {}

OutLink::~OutLink() {
  if (ahead_ != nullptr) ahead_->release();
  while (Batch* batch = batches_.pop()) batch->release();
  while (CtlItem* item = items_.pop()) discard(item);
}

void OutLink::discard(CtlItem* item) {
  if (item->block != nullptr) item->block->home->give_back(item->block);
  delete item;
}

// --- any thread

void OutLink::push(Batch* batch) {
  batches_.push(batch);
  pushed();
}

void OutLink::push(CtlItem* item) {
  items_.push(item);
  pushed();
}

void OutLink::pushed() {
  const std::int64_t queued = queued_.fetch_add(1, std::memory_order_seq_cst) + 1;
  if (gone_.load(std::memory_order_seq_cst)) {
    drop_queued();
  } else if (queued >= kEnough) {
    kick();
  }
}

bool OutLink::drained() const {
  const std::lock_guard lock(mutex_);
  return queued_.load() <= 0 && ahead_ == nullptr && unacked_.empty();
}

void OutLink::kick() {
  if (!up_.load(std::memory_order_seq_cst) || writing_.load(std::memory_order_seq_cst)) return;
  if (common::SystemClock().now_ns() - wrote_at_ns_.load(std::memory_order_relaxed) < kQuietNs) {
    shared_.waker.wake();
    return;
  }
  if (!writing_.exchange(true, std::memory_order_seq_cst)) pump();
}

void OutLink::serve() {
  if (!up_.load(std::memory_order_seq_cst) || queued_.load(std::memory_order_seq_cst) <= 0) return;
  if (!writing_.exchange(true, std::memory_order_seq_cst)) pump();
}

/// The caller has set writing_. Starts one write, or gives the right to write back.
void OutLink::pump() {
  for (;;) {
    std::unique_lock lock(mutex_);
    if (!up_.load(std::memory_order_relaxed)) {
      writing_.store(false, std::memory_order_seq_cst);
      return;
    }
    Unacked fresh;
    if (resend_ == unacked_.size() && next_frame(fresh)) unacked_.push_back(std::move(fresh));
    if (resend_ < unacked_.size()) {
      const grpc::ByteBuffer& bytes = unacked_[resend_++].bytes;
      shared_.frames_sent.fetch_add(1, std::memory_order_relaxed);
      shared_.bytes_sent.fetch_add(bytes.Length(), std::memory_order_relaxed);
      call_->pending.fetch_add(1, std::memory_order_relaxed);
      call_->writing = true;
      wrote_at_ns_.store(common::SystemClock().now_ns(), std::memory_order_relaxed);
      call_->stream->Write(bytes, &call_->written);
      return;
    }
    const bool waits = ahead_ != nullptr;  // for a link to the next instance
    writing_.store(false, std::memory_order_seq_cst);
    lock.unlock();
    // Something may have come between the last look and the line above.
    if (waits || queued_.load(std::memory_order_seq_cst) <= 0) return;
    if (writing_.exchange(true, std::memory_order_seq_cst)) return;
  }
}

/// Whatever waits, as its receiver is no more; but a batch for a later instance says that there
/// will be one.
void OutLink::drop_queued() {
  const std::lock_guard lock(mutex_);
  while (ahead_ == nullptr) {
    Batch* batch = batches_.pop();
    if (batch == nullptr) break;
    queued_.fetch_sub(1, std::memory_order_seq_cst);
    if (batch->to.instance > peer_.instance) {
      ahead_ = batch;
    } else {
      give_back(batch->to.task, batch->bytes);
      batch->release();
    }
  }
  while (CtlItem* item = items_.pop()) {
    queued_.fetch_sub(1, std::memory_order_seq_cst);
    discard(item);
  }
}

void OutLink::give_back(TaskId task, std::int64_t bytes) {
  if (credit_ != nullptr && bytes > 0 && credit_->returned(task, bytes)) {
    shared_.events.on_room(task);
  }
}

// --- the I/O thread

void OutLink::set_peer(const Peer& peer) {
  bool redial = gone_.exchange(false, std::memory_order_seq_cst);
  stopping_ = false;
  {
    const std::lock_guard lock(mutex_);
    if (peer.instance > peer_.instance && peer_.instance != 0) reset_sequence();
    redial = redial || peer.address != peer_.address || peer.instance > peer_.instance;
    peer_ = {peer.worker, std::max(peer.instance, peer_.instance), peer.address};
  }
  if (!redial) return;
  failures_ = 0;
  if (call_ != nullptr) abandon();
  if (alarm_set_) {
    alarm_.Cancel();  // dials at once
  } else {
    dial();
  }
}

void OutLink::stop() {
  stopping_ = true;
  gone_.store(true, std::memory_order_seq_cst);
  {
    const std::lock_guard lock(mutex_);
    reset_sequence();
  }
  drop_queued();
  if (alarm_set_) alarm_.Cancel();
  if (call_ != nullptr) hang_up();
}

void OutLink::dial() {
  if (stopping_ || shared_.stopping.load() || call_ != nullptr) return;
  Peer peer;
  {
    const std::lock_guard lock(mutex_);
    peer = peer_;
  }
  common::ChannelOptions options;
  options.keepalive = std::chrono::milliseconds(2000);
  options.max_receive_bytes = 64 << 20;
  options.send_buffer = kSendBuffer;
  channel_ = common::make_channel(peer.address, shared_.options.security, options);
  auto call = std::make_unique<Call>(*this);
  grpc::GenericStub stub{std::shared_ptr<grpc::ChannelInterface>(channel_)};
  call->stream = stub.PrepareCall(&call->context, ctl_ ? kCtlMethod : kDataMethod, &shared_.queue);
  call->pending = 1;
  {
    const std::lock_guard lock(mutex_);
    call_ = std::move(call);
  }
  call_->stream->StartCall(&call_->started);
}

void OutLink::on_started(bool ok) {
  call_->pending.fetch_sub(1);
  if (!ok || call_->hanging_up) {
    hang_up();
    return;
  }
  wire::Greeting hello;
  {
    const std::lock_guard lock(mutex_);
    hello = {.topology = shared_.options.topology,
             .worker = shared_.options.worker,
             .instance = shared_.options.instance,
             .to_worker = peer_.worker,
             .known_instance = peer_.instance,
             .ctl = ctl_};
  }
  MessageBuilder builder;
  builder.add(wire::encode_greeting(hello));
  call_->pending.fetch_add(2);
  call_->stream->Write(builder.finish({.kind = wire::Kind::hello,
                                       .epoch = shared_.epoch.load(),
                                       .worker = shared_.options.worker}),
                       &call_->written);
  call_->stream->Read(&call_->in, &call_->read);
}

void OutLink::on_written(bool ok) {
  call_->pending.fetch_sub(1);
  {
    const std::lock_guard lock(mutex_);
    call_->writing = false;
  }
  if (!call_->greeted) {
    call_->greeted = ok;
    if (ok && call_->ready) go_up();
  } else if (ok && !call_->hanging_up) {
    pump();
  } else {
    writing_.store(false, std::memory_order_seq_cst);
  }
  if (!ok) {
    hang_up();
  } else {
    maybe_done();
  }
}

void OutLink::on_read(bool ok) {
  call_->pending.fetch_sub(1);
  if (!ok || call_->hanging_up) {
    hang_up();
    return;
  }
  on_message();
  if (call_->hanging_up) {
    maybe_done();
    return;
  }
  call_->pending.fetch_add(1);
  call_->stream->Read(&call_->in, &call_->read);
}

void OutLink::on_message() {
  const ReceivedMessage message(call_->in);
  wire::Reader reader(message.pieces());
  const auto header = wire::read_frame(message.pieces(), reader);
  if (!message.ok() || !header.ok()) {
    ++shared_.counts.corrupt;
    hang_up();
    return;
  }
  if (header->kind == wire::Kind::ack) {
    const auto credits = wire::read_credits(reader);
    credits.ok() ? on_ack(header->seq, *credits) : hang_up();
    return;
  }
  const auto greeting = wire::read_greeting(reader);
  greeting.ok() ? on_greeting(header->kind, *greeting) : hang_up();
}

void OutLink::on_greeting(wire::Kind kind, const wire::Greeting& greeting) {
  if (kind == wire::Kind::stale) {
    shared_.events.on_fenced(greeting.known_instance);
    hang_up();
    return;
  }
  if (greeting.topology != shared_.options.topology || greeting.worker != peer_.worker) {
    hang_up();  // somebody else listens there by now
    return;
  }
  if (kind == wire::Kind::ready) {
    call_->ready = true;
    if (call_->greeted) go_up();
    return;
  }
  std::uint32_t known = 0;
  {
    const std::lock_guard lock(mutex_);
    known = peer_.instance;
    if (greeting.instance > known) {
      reset_sequence();
      peer_.instance = greeting.instance;
    }
    while (!unacked_.empty() && unacked_.front().seq <= greeting.received) unacked_.pop_front();
    resend_ = 0;
    shared_.counts.resent += unacked_.size();
  }
  if (greeting.instance < known) {
    hang_up();  // a leftover; the newer one will listen there when the leftover has gone
  } else if (greeting.instance > known) {
    events_.newer(greeting.instance);
  }
}

void OutLink::go_up() {
  failures_ = 0;
  up_.store(true, std::memory_order_seq_cst);
  events_.changed(true);
  kick();
}

void OutLink::on_ack(std::uint64_t seq, const std::vector<wire::Credit>& credits) {
  std::vector<std::pair<TaskId, std::int64_t>> room;
  {
    const std::lock_guard lock(mutex_);
    while (!unacked_.empty() && unacked_.front().seq <= seq && resend_ > 0) {
      unacked_.pop_front();
      --resend_;
    }
    for (const wire::Credit& credit : credits) {
      const auto found = passed_.find(credit.task);
      if (found == passed_.end()) continue;
      auto& [sent, consumed] = found->second;
      const std::uint64_t now = std::min(credit.consumed, sent);
      if (now <= consumed) continue;
      room.emplace_back(credit.task, static_cast<std::int64_t>(now - consumed));
      consumed = now;
    }
  }
  for (const auto& [task, bytes] : room) give_back(task, bytes);
}

/// A new receiver: nothing of the old link counts. With mutex_ held.
void OutLink::reset_sequence() {
  unacked_.clear();
  resend_ = 0;
  next_seq_ = 1;
  for (const auto& [task, counts] : passed_) {
    give_back(task, static_cast<std::int64_t>(counts.first - counts.second));
  }
  passed_.clear();
}

void OutLink::hang_up() {
  if (!call_->hanging_up) {
    call_->hanging_up = true;
    bool was_up = false;
    {
      const std::lock_guard lock(mutex_);
      was_up = up_.exchange(false, std::memory_order_seq_cst);
    }
    call_->context.TryCancel();
    if (was_up) {
      ++shared_.counts.reconnects;
      events_.changed(false);
    }
  }
  maybe_done();
}

/// Leaves the call to itself: what it still waits for may never end, as when the process at the
/// other side was stopped and its kernel takes no more bytes.
void OutLink::abandon() {
  hang_up();
  if (call_ == nullptr) return;
  {
    const std::lock_guard lock(mutex_);
    if (call_->writing) writing_.store(false, std::memory_order_seq_cst);
    call_->abandoned = true;
    abandoned_.push_back(std::move(call_));
    resend_ = 0;
  }
  channel_.reset();
}

void OutLink::bury(Call& call) {
  if (call.pending.fetch_sub(1) != 1) return;
  std::erase_if(abandoned_, [&call](const std::unique_ptr<Call>& c) { return c.get() == &call; });
}

void OutLink::maybe_done() {
  if (!call_->hanging_up || call_->pending.load() != 0) return;
  if (!call_->finishing) {
    call_->finishing = true;
    call_->pending = 1;
    call_->stream->Finish(&call_->status, &call_->finished);
  }
}

void OutLink::on_finished() {
  {
    const std::lock_guard lock(mutex_);
    call_.reset();
    resend_ = 0;
  }
  writing_.store(false, std::memory_order_seq_cst);
  channel_.reset();
  dial_later();
}

void OutLink::dial_later() {
  if (stopping_ || shared_.stopping.load()) return;
  const std::int64_t most = std::min(kLongestPauseMs, kFirstPauseMs << std::min(failures_++, 8));
  const auto pause =
      static_cast<std::int64_t>(static_cast<double>(most) * (0.5 + 0.5 * random_.unit()));
  alarm_set_ = true;
  alarm_.Set(&shared_.queue,
             gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(pause, GPR_TIMESPAN)),
             &on_alarm_);
}

}  // namespace rafale::worker
