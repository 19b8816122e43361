// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Merging and ordering of records.
#include "worker/ack/record_writer.h"

#include <utility>

namespace rafale::worker {

RecordBlock* RecordBlockPool::take() {
  RecordBlock* block = idle_.take();
  if (block == nullptr) {
    block = new RecordBlock;
    block->home = this;
  }
  block->clear();
  return block;
}

RecordWriter::~RecordWriter() {
  for (Lane& lane : lanes_) {
    delete lane.emits;
    delete lane.others;
  }
}

RecordWriter::Lane& RecordWriter::lane(TaskId spout_task) {
  if (last_lane_ < lanes_.size() && lanes_[last_lane_].spout_task == spout_task) {
    return lanes_[last_lane_];
  }
  for (last_lane_ = 0; last_lane_ < lanes_.size(); ++last_lane_) {
    if (lanes_[last_lane_].spout_task == spout_task) {
      return lanes_[last_lane_];
    }
  }
  return lanes_.emplace_back(Lane{.spout_task = spout_task});
}

RecordBlock& RecordWriter::emits(TaskId spout_task) {
  Lane& to = lane(spout_task);
  if (to.emits == nullptr) {
    to.emits = pool_.take();
  }
  return *to.emits;
}

RecordBlock& RecordWriter::others(TaskId spout_task) {
  Lane& to = lane(spout_task);
  if (to.others == nullptr) {
    to.others = pool_.take();
  }
  return *to.others;
}

Record& RecordWriter::append(RecordBlock& block, RecordKind kind, const SpoutRef& spout,
                             std::uint64_t root) {
  ++pending_;
  return block.records.emplace_back(Record{.kind = kind, .n = 1, .spout = spout, .root0 = root});
}

/// Completes `record` as the slice of `run` that begins with its row number i and has record.n
/// rows.
void RecordWriter::append_slice(RecordBlock& block, Record record, const Batch& batch,
                                const Run& run, std::uint32_t i) {
  record.derived = run.derived();
  record.edge = run.edge;
  record.first_row = static_cast<std::uint16_t>(run.first_row + i);
  if (run.deltas != 0 && record.n > 1) {
    record.deltas = static_cast<std::uint32_t>(block.deltas.size() + 1);
    const auto* from = &batch.deltas[run.deltas - 1u + i];
    block.deltas.push_back(0);
    block.deltas.insert(block.deltas.end(), from + 1, from + record.n);
  }
  block.records.push_back(record);
  ++pending_;
}

void RecordWriter::report_emits(Batch& batch) {
  for (; batch.reported_runs < batch.runs.size();
       ++batch.reported_runs, batch.reported_in_run = 0) {
    const Run& run = batch.runs[batch.reported_runs];
    if (batch.reported_in_run < run.n) {
      std::uint64_t root = run.root0;
      for (std::uint32_t i = 1; i <= batch.reported_in_run; ++i) {
        root += run.deltas != 0 ? batch.deltas[run.deltas - 1u + i] : 1;
      }
      append_slice(emits(run.spout.task),
                   {.kind = RecordKind::emit,
                    .n = static_cast<std::uint16_t>(run.n - batch.reported_in_run),
                    .spout = run.spout,
                    .root0 = root,
                    .worker = batch.to.worker,
                    .instance = batch.to.instance},
                   batch, run, batch.reported_in_run);
      batch.reported_in_run = run.n;
    }
    if (batch.reported_runs + 1 == batch.runs.size()) {
      return;  // the last run may still grow
    }
  }
}

void RecordWriter::emit_edge(const detail::Link& link, std::uint32_t worker,
                             std::uint32_t instance) {
  Record& record = append(emits(link.spout_task), RecordKind::emit,
                          {link.spout_task, link.incarnation}, link.root);
  record.edge = link.edge;
  record.first_row = link.row;
  record.derived = link.derived;
  record.worker = worker;
  record.instance = instance;
}

void RecordWriter::ack_rows(const Batch& batch, const Run& run, std::uint32_t from,
                            std::uint32_t to, std::uint64_t root_at_from) {
  append_slice(others(run.spout.task),
               {.kind = RecordKind::ack,
                .n = static_cast<std::uint16_t>(to - from),
                .spout = run.spout,
                .root0 = root_at_from},
               batch, run, from - run.first_row);
}

void RecordWriter::append_link(RecordKind kind, const detail::Link& link) {
  RecordBlock& block = others(link.spout_task);
  const SpoutRef spout{link.spout_task, link.incarnation};
  if (!block.records.empty()) {  // most often the next row of the run that the last one was of
    Record& last = block.records.back();
    if (last.kind == kind && kind == RecordKind::ack && last.edge == link.edge &&
        last.spout == spout && last.derived == link.derived && last.deltas == 0 &&
        last.first_row + last.n == link.row && last.root0 + last.n == link.root) {
      ++last.n;
      return;
    }
  }
  Record& record = append(block, kind, spout, link.root);
  record.edge = link.edge;
  record.first_row = link.row;
  record.derived = link.derived;
}

void RecordWriter::park(const detail::Link& link, const Token& token) {
  append_link(RecordKind::park, link);
  RecordBlock& block = others(link.spout_task);
  if (block.tokens.empty() || block.tokens.back() != token) {
    block.tokens.push_back(token);
  }
  block.records.back().token = static_cast<std::uint32_t>(block.tokens.size() - 1);
}

void RecordWriter::release(const SpoutRef& to, const Token& token) {
  RecordBlock& block = others(to.task);
  Record& record = append(block, RecordKind::release, to, 0);
  block.tokens.push_back(token);
  record.token = static_cast<std::uint32_t>(block.tokens.size() - 1);
}

void RecordWriter::fail(const Root& root, FailureCode code, TaskId task, std::uint32_t text) {
  Record& record = append(others(root.spout.task), RecordKind::fail, root.spout, root.seq);
  record.code = code;
  record.worker = task;
  record.instance = text;
}

void RecordWriter::reset(const Root& root) {
  append(others(root.spout.task), RecordKind::reset, root.spout, root.seq);
}

void RecordWriter::dead_letter(const Root& root) {
  append(others(root.spout.task), RecordKind::dead_letter, root.spout, root.seq);
}

void RecordWriter::flush() {
  if (pending_ == 0) {
    return;
  }
  pending_ = 0;
  for (Lane& lane : lanes_) {
    if (RecordBlock* block = std::exchange(lane.emits, nullptr)) {
      send_(lane.spout_task, block);
    }
    if (RecordBlock* block = std::exchange(lane.others, nullptr)) {
      send_(lane.spout_task, block);
    }
  }
}

}  // namespace rafale::worker
