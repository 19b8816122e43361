// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What an OutLink puts into a frame. HOT PATH.

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "common/clock.h"
#include "worker/transport/out_link.h"

namespace rafale::worker {
namespace {

constexpr std::size_t kFrameBytes = 256 * 1024;

}  // namespace

/// With mutex_ held.
bool OutLink::next_frame(Unacked& frame) {
  MessageBuilder builder;
  wire::FrameHeader header;
  if (ctl_) {
    if (!fill_records(builder)) return false;
    header.kind = wire::Kind::records;
  } else {
    if (!fill_batches(builder, frame)) return false;
    header.kind = wire::Kind::batches;
    header.batches = static_cast<std::uint16_t>(frame.batches.size());
  }
  header.seq = frame.seq = next_seq_++;
  header.epoch = shared_.epoch.load(std::memory_order_acquire);
  header.worker = shared_.options.worker;
  frame.bytes = builder.finish(header);
  return true;
}

bool OutLink::fill_batches(MessageBuilder& builder, Unacked& frame) {
  const std::int64_t now = common::SystemClock().now_ns();
  while (builder.size() < kFrameBytes) {
    Batch* batch = std::exchange(ahead_, nullptr);
    if (batch == nullptr) {
      batch = batches_.pop();
      if (batch == nullptr) break;
      queued_.fetch_sub(1, std::memory_order_seq_cst);
    }
    if (batch->to.instance > peer_.instance) {
      ahead_ = batch;
      break;
    }
    const std::int64_t bytes = batch->bytes;
    if (batch->to.instance != peer_.instance) {  // its roots fail by PEER_LOST
      give_back(batch->to.task, bytes);
      batch->release();
      continue;
    }
    frame.batches.emplace_back(batch->to.task, bytes);
    passed_[batch->to.task].first += static_cast<std::uint64_t>(bytes);
    std::string head;
    wire::append_batch_head(*batch, now, head);
    builder.add(std::move(head));
    builder.add_rows(batch);
  }
  return !builder.empty();
}

bool OutLink::fill_records(MessageBuilder& builder) {
  std::string bytes;
  std::map<TaskId, wire::Floor> floors;  // the newest wins
  while (bytes.size() < kFrameBytes) {
    CtlItem* item = items_.pop();
    if (item == nullptr) break;
    queued_.fetch_sub(1, std::memory_order_seq_cst);
    if (item->block != nullptr) {
      wire::append_records(item->spout_task, *item->block, shared_.options.failure_text, bytes);
    } else {
      floors[item->floor.spout.task] = item->floor;
    }
    discard(item);
  }
  for (const auto& [task, floor] : floors) wire::append_floor(floor, bytes);
  if (bytes.empty()) return false;
  builder.add(std::move(bytes));
  return true;
}

}  // namespace rafale::worker
