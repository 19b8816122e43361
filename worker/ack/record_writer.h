// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Collects an executor's records and sends them off in an order that no tree stalls on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "rafale/tuple.h"
#include "worker/ack/record.h"
#include "worker/batch/batch.h"
#include "worker/batch/recycler.h"

namespace rafale::worker {

/// Blocks of records: made by one executor, read and given back by the trackers' executors.
class RecordBlockPool {
 public:
  RecordBlock* take();
  /// Any thread.
  void give_back(RecordBlock* block) { idle_.give_back(block); }

 private:
  Recycler<RecordBlock> idle_;
};

/// Merges what one executor has to tell the trackers into slices of runs. flush() sends, for each
/// tracker, all emit records before all others: the emit of an output must not come after the ack
/// of the input that it hangs on. One thread.
class RecordWriter {
 public:
  /// Takes a finished message for the tracker of `spout_task`; keeps the order of the calls.
  using Send = std::function<void(TaskId spout_task, RecordBlock* block)>;
  explicit RecordWriter(Send send) : send_(std::move(send)) {}
  ~RecordWriter();

  /// Emit records for the rows of `batch` that have not been reported yet.
  void report_emits(Batch& batch);
  /// One edge that exists outside any batch (a fused child kept its tuple).
  void emit_edge(const detail::Link& link, std::uint32_t worker, std::uint32_t instance);

  /// Acks rows [from, to) of `run`, an input run of `batch`; root_at_from is the root of row
  /// `from`.
  void ack_rows(const Batch& batch, const Run& run, std::uint32_t from, std::uint32_t to,
                std::uint64_t root_at_from);
  void ack(const detail::Link& link) { append_link(RecordKind::ack, link); }
  void park(const detail::Link& link, const Token& token);
  void release(const SpoutRef& to, const Token& token);
  void fail(const Root& root, FailureCode code, TaskId task, std::uint32_t text);
  void reset(const Root& root);
  void dead_letter(const Root& root);

  bool empty() const { return pending_ == 0; }
  /// Records collected and not sent.
  std::size_t pending() const { return pending_; }
  void flush();

 private:
  struct Lane {  // to one tracker
    TaskId spout_task = 0;
    RecordBlock* emits = nullptr;
    RecordBlock* others = nullptr;
  };
  Lane& lane(TaskId spout_task);
  RecordBlock& emits(TaskId spout_task);
  RecordBlock& others(TaskId spout_task);
  Record& append(RecordBlock& block, RecordKind kind, const SpoutRef& spout, std::uint64_t root);
  void append_link(RecordKind kind, const detail::Link& link);
  void append_slice(RecordBlock& block, Record record, const Batch& batch, const Run& run,
                    std::uint32_t i);

  Send send_;
  RecordBlockPool pool_;
  std::vector<Lane> lanes_;
  std::size_t last_lane_ = 0;
  std::size_t pending_ = 0;
};

}  // namespace rafale::worker
