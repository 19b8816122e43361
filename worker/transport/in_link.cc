// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls of other workers. HOT PATH.

#include "worker/transport/in_link.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "common/clock.h"

namespace rafale::worker {
namespace {

constexpr std::size_t kAckBytes = 2 * 1024 * 1024;
constexpr std::uint32_t kAckFrames = 64;
constexpr std::int64_t kAckAfterMs = 20;

}  // namespace

/// What is known of one sending worker and kind of link, over all its calls.
struct InLinks::Sender {
  Sender(std::uint32_t number, bool is_ctl, TaskId tasks)
      : worker(number), ctl(is_ctl), entries(is_ctl ? 0 : tasks + std::size_t{1}) {}

  struct Entry {
    std::atomic<std::uint64_t> consumed{0};
    std::atomic<std::uint64_t> told{0};
  };
  const std::uint32_t worker;
  const bool ctl;
  std::uint32_t instance = 0;
  std::uint64_t received = 0;  // the last frame that was handed on
  std::vector<Entry> entries;  // by task
  std::atomic<bool> credit_due{false};
  Call* active = nullptr;
  bool ack_due = false;
};

/// One call. Control messages and acks are written one after the other. I/O thread.
struct InLinks::Call {
  explicit Call(InLinks& links)
      : stream(&context),
        owner(links),
        accepted([this](bool ok) { on_accepted(ok); }),
        read([this](bool ok) { on_read(ok); }),
        written([this](bool ok) { on_written(ok); }),
        finished([this](bool) { end(); }),
        ack_time([this](bool ok) { on_ack_time(ok); }) {}

  void on_accepted(bool ok) {
    pending = 0;
    if (!ok) {
      owner.next_.reset();  // the server stops
      return;
    }
    InLinks& links = owner;
    links.calls_.push_back(std::move(links.next_));
    links.accept();
    if (links.shared_.stopping.load()) {  // it came between stop() and the end of the others
      hang_up();
      return;
    }
    pending = 1;
    stream.Read(&in, &read);
  }

  void on_read(bool ok) {
    --pending;
    if (!ok || hanging_up) {
      hang_up();
      return;
    }
    owner.on_frame(*this, in);
    if (hanging_up) {
      maybe_done();
    } else if (!parked) {
      read_next();
    }
  }

  void read_next() {
    ++pending;
    stream.Read(&in, &read);
  }

  void on_written(bool ok) {
    --pending;
    writing = false;
    if (!ok) {
      hang_up();
      return;
    }
    write();
    maybe_done();
  }

  /// Starts a write if there is something and nothing is being written.
  void write() {
    if (writing || hanging_up) return;
    grpc::ByteBuffer bytes;
    if (!control.empty()) {
      bytes = control.front();
      control.pop_front();
    } else if (sender != nullptr && sender->active == this && sender->ack_due) {
      sender->ack_due = false;
      bytes = make_ack();
    } else {
      return;
    }
    writing = true;
    ++pending;
    stream.Write(bytes, &written);
  }

  grpc::ByteBuffer make_ack() {
    std::vector<wire::Credit> credits;
    for (std::size_t task = 0; task < sender->entries.size(); ++task) {
      Sender::Entry& entry = sender->entries[task];
      const std::uint64_t now = entry.consumed.load(std::memory_order_acquire);
      if (now == entry.told.load(std::memory_order_relaxed)) continue;
      entry.told.store(now, std::memory_order_relaxed);
      credits.push_back({static_cast<std::uint32_t>(task), 0, now});
    }
    MessageBuilder builder;
    builder.add(wire::encode_credits(credits));
    return builder.finish({.kind = wire::Kind::ack,
                           .seq = received,
                           .epoch = owner.shared_.epoch.load(),
                           .worker = owner.shared_.options.worker});
  }

  void ack_soon() {
    if (alarm_set || hanging_up) return;
    alarm_set = true;
    ++pending;
    alarm.Set(
        &owner.queue_,
        gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(kAckAfterMs, GPR_TIMESPAN)),
        &ack_time);
  }

  void on_ack_time(bool) {
    alarm_set = false;
    --pending;
    if (hanging_up) {
      maybe_done();
      return;
    }
    ack_now();
  }

  void ack_now() {
    unacked_bytes = 0;
    unacked_frames = 0;
    if (sender == nullptr) return;
    sender->ack_due = true;
    write();
  }

  void hang_up() {
    if (!hanging_up) {
      hanging_up = true;
      if (sender != nullptr && sender->active == this) sender->active = nullptr;
      parked.reset();
      context.TryCancel();
      if (alarm_set) alarm.Cancel();
    }
    maybe_done();
  }

  void maybe_done() {
    if (!hanging_up || pending != 0 || finishing) return;
    finishing = true;
    ++pending;
    stream.Finish(grpc::Status::CANCELLED, &finished);
  }

  void end() { owner.drop(this); }

  grpc::GenericServerContext context;
  grpc::GenericServerAsyncReaderWriter stream;
  grpc::ByteBuffer in;
  InLinks& owner;
  CallTag accepted, read, written, finished, ack_time;
  grpc::Alarm alarm;
  bool alarm_set = false;
  int pending = 0;
  Sender* sender = nullptr;  // after HELLO
  std::deque<grpc::ByteBuffer> control;
  bool writing = false;
  bool hanging_up = false;
  bool finishing = false;
  bool told_ready = false;
  std::optional<grpc::ByteBuffer> parked;  // waits for a newer epoch
  std::uint64_t received = 0;
  std::size_t unacked_bytes = 0;
  std::uint32_t unacked_frames = 0;
};

InLinks::InLinks(LinkShared& shared, grpc::AsyncGenericService& service,
                 grpc::ServerCompletionQueue& queue, std::int64_t window)
    : shared_(shared), service_(service), queue_(queue), window_(window) {}

InLinks::~InLinks() {
  for (auto& both : senders_) {
    for (auto& sender : both) delete sender.load();
  }
}

void InLinks::start() { accept(); }

void InLinks::accept() {
  if (shared_.stopping.load()) return;
  next_ = std::make_unique<Call>(*this);
  next_->pending = 1;
  service_.RequestCall(&next_->context, &next_->stream, &queue_, &queue_, &next_->accepted);
}

void InLinks::drop(void* call) {
  std::erase_if(calls_, [call](const std::unique_ptr<Call>& c) { return c.get() == call; });
}

void InLinks::stop() {
  const std::size_t count = calls_.size();
  for (std::size_t i = 0; i < count && i < calls_.size(); ++i) calls_[i]->hang_up();
}

InLinks::Sender& InLinks::sender_of(std::uint32_t worker, bool ctl) {
  std::atomic<Sender*>& entry = senders_[worker][ctl ? 1 : 0];
  if (entry.load() == nullptr) {
    entry.store(new Sender(worker, ctl, shared_.options.tasks), std::memory_order_release);
  }
  return *entry.load();
}

void InLinks::ready() {
  ready_ = true;
  for (const auto& call : calls_) {
    if (call->sender != nullptr && !call->told_ready) send_greeting(*call, wire::Kind::ready);
  }
}

void InLinks::adopt(std::uint32_t epoch, const std::map<std::uint32_t, std::uint32_t>& instances) {
  for (const auto& [worker, instance] : instances) {
    instances_[worker] = std::max(instances_[worker], instance);
  }
  std::vector<Call*> waiting;
  for (const auto& call : calls_) {
    if (call->parked) waiting.push_back(call.get());
    if (call->sender != nullptr && call->sender->instance < instances_[call->sender->worker]) {
      call->hang_up();
    }
  }
  static_cast<void>(epoch);
  for (Call* call : waiting) {
    if (!call->parked) continue;
    const grpc::ByteBuffer bytes = *std::exchange(call->parked, std::nullopt);
    on_frame(*call, bytes);
    if (call->hanging_up) {
      call->maybe_done();
    } else if (!call->parked) {
      call->read_next();
    }
  }
}

void InLinks::consumed(std::uint32_t worker, TaskId task, std::uint32_t bytes) {
  Sender* sender = senders_[worker][0].load(std::memory_order_acquire);
  if (sender == nullptr || task >= sender->entries.size()) return;
  Sender::Entry& entry = sender->entries[task];
  const std::uint64_t now = entry.consumed.fetch_add(bytes, std::memory_order_acq_rel) + bytes;
  if (static_cast<std::int64_t>(now - entry.told.load(std::memory_order_relaxed)) < window_ / 4) {
    return;
  }
  if (!sender->credit_due.exchange(true, std::memory_order_acq_rel)) shared_.waker.wake();
}

void InLinks::serve() {
  for (const auto& call : calls_) {
    if (call->sender != nullptr && call->sender->active == call.get() &&
        call->sender->credit_due.exchange(false, std::memory_order_acq_rel)) {
      call->ack_now();
    }
  }
}

// --- what comes in

void InLinks::on_frame(Call& call, const grpc::ByteBuffer& bytes) {
  const ReceivedMessage message(bytes);
  wire::Reader reader(message.pieces());
  const auto header = wire::read_frame(message.pieces(), reader);
  if (!message.ok() || !header.ok()) {
    ++shared_.counts.corrupt;
    call.hang_up();
    return;
  }
  if (header->kind == wire::Kind::hello) {
    const auto hello = wire::read_greeting(reader);
    if (hello.ok() && call.sender == nullptr) {
      on_hello(call, *header, *hello);
    } else {
      call.hang_up();
    }
    return;
  }
  if (call.sender == nullptr || call.sender->active != &call) {
    call.hang_up();
    return;
  }
  if (header->epoch > shared_.epoch.load(std::memory_order_acquire)) {
    call.parked = bytes;  // until the assignment has come
    return;
  }
  ++shared_.counts.frames_received;
  shared_.counts.bytes_received += message.size();
  if (!work(call, *header, reader)) {
    ++shared_.counts.corrupt;
    call.hang_up();
    return;
  }
  note_received(call, message.size());
}

void InLinks::on_hello(Call& call, const wire::FrameHeader&, const wire::Greeting& hello) {
  if (hello.topology != shared_.options.topology || hello.to_worker != shared_.options.worker ||
      hello.worker >= kMostWorkers) {
    call.hang_up();
    return;
  }
  if (hello.known_instance > shared_.options.instance) {
    shared_.events.on_fenced(hello.known_instance);
  }
  std::uint32_t& newest = instances_[hello.worker];
  Sender& sender = sender_of(hello.worker, hello.ctl);
  if (hello.instance < newest) {
    call.sender = nullptr;
    MessageBuilder builder;
    builder.add(wire::encode_greeting({.topology = shared_.options.topology,
                                       .worker = shared_.options.worker,
                                       .instance = shared_.options.instance,
                                       .to_worker = hello.worker,
                                       .known_instance = newest,
                                       .ctl = hello.ctl}));
    call.control.push_back(
        builder.finish({.kind = wire::Kind::stale, .worker = shared_.options.worker}));
    call.write();
    return;  // it hangs up when it has read that
  }
  if (hello.instance > newest) {
    newest = hello.instance;
    shared_.events.on_instance(hello.worker, hello.instance);
  }
  Call* old = std::exchange(sender.active, &call);
  if (sender.instance != hello.instance) {
    sender.instance = hello.instance;
    sender.received = 0;
    for (Sender::Entry& entry : sender.entries) {
      entry.consumed.store(0);
      entry.told.store(0);
    }
  }
  call.received = sender.received;
  sender.ack_due = false;
  call.sender = &sender;
  if (old != nullptr && old != &call) old->hang_up();
  send_greeting(call, wire::Kind::welcome);
  if (ready_) send_greeting(call, wire::Kind::ready);
}

void InLinks::send_greeting(Call& call, wire::Kind kind) {
  Sender& sender = *call.sender;
  if (kind == wire::Kind::ready) call.told_ready = true;
  MessageBuilder builder;
  builder.add(wire::encode_greeting({.topology = shared_.options.topology,
                                     .worker = shared_.options.worker,
                                     .instance = shared_.options.instance,
                                     .to_worker = sender.worker,
                                     .known_instance = sender.instance,
                                     .received = sender.received,
                                     .ctl = sender.ctl}));
  call.control.push_back(builder.finish(
      {.kind = kind, .epoch = shared_.epoch.load(), .worker = shared_.options.worker}));
  call.write();
}

bool InLinks::work(Call& call, const wire::FrameHeader& header, wire::Reader& reader) {
  Sender& sender = *call.sender;
  if (header.seq <= sender.received) {
    ++shared_.counts.repeated;
    return true;
  }
  if (header.seq != sender.received + 1) return false;
  if (header.kind == wire::Kind::batches && !sender.ctl) {
    if (!take_batches(call, header, reader)) return false;
  } else if (header.kind == wire::Kind::records && sender.ctl) {
    if (!take_records(call, reader)) return false;
  } else {
    return false;
  }
  sender.received = header.seq;
  call.received = header.seq;
  return true;
}

bool InLinks::take_batches(Call& call, const wire::FrameHeader& header, wire::Reader& reader) {
  const std::int64_t now = common::SystemClock().now_ns();
  for (std::uint32_t i = 0; i < header.batches; ++i) {
    const auto read = wire::read_batch(reader, shared_.options.max_batch_bytes,
                                       [this](std::size_t bytes) { return batches_.take(bytes); });
    if (!read.ok()) return false;
    const auto& [batch, head] = *read;
    batch->opened_ns = now - static_cast<std::int64_t>(head.age_ns);
    batch->to.worker = shared_.options.worker;
    batch->origin = call.sender->worker;
    shared_.events.on_batch(batch, call.sender->worker);
  }
  return reader.left() == 0;
}

bool InLinks::take_records(Call& call, wire::Reader& reader) {
  static_cast<void>(call);
  return wire::read_records(reader, {.take = [this] { return blocks_.take(); },
                                     .block =
                                         [this](TaskId task, RecordBlock* block) {
                                           shared_.events.on_records(task, block);
                                         },
                                     .floor =
                                         [this](const wire::Floor& floor) {
                                           shared_.events.on_floor(floor.spout, floor.floor);
                                         },
                                     .note = shared_.options.note_failure})
      .ok();
}

void InLinks::note_received(Call& call, std::size_t bytes) {
  call.unacked_bytes += bytes;
  ++call.unacked_frames;
  if (call.unacked_bytes >= kAckBytes || call.unacked_frames >= kAckFrames) {
    call.ack_now();
  } else {
    call.ack_soon();
  }
}

}  // namespace rafale::worker
