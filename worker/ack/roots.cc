// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Less common steps of reading and writing runs.
#include "worker/ack/roots.h"

namespace rafale::worker {

void RunCursor::start(const Batch& batch) {
  batch_ = &batch;
  run_ = nullptr;
  next_ = first_ = run_end_ = 0;
  deltas_ = nullptr;
  roots_ = Roots::none();
}

void RunCursor::next_run(std::uint32_t row) {
  const auto& runs = batch_->runs;
  first_ = next_;
  while (next_ < runs.size() && runs[next_].first_row == row) {
    ++next_;
  }
  const std::uint32_t count = next_ - first_;
  if (count == 0) {
    roots_ = Roots::none();
    return;
  }
  if (count > 1) {  // a row with several roots
    many_.clear();
    for (std::uint32_t i = first_; i < next_; ++i) {
      many_.push_back({runs[i].spout, runs[i].root0});
    }
    roots_ = Roots::of(many_);
    return;
  }
  run_ = &runs[first_];
  run_end_ = run_->first_row + run_->n;
  deltas_ = run_->deltas != 0 ? &batch_->deltas[run_->deltas - 1] : nullptr;
  seq_ = run_->root0;
  roots_ = Roots::of(Root{run_->spout, seq_});
}

Anchor RunCursor::anchor(std::uint32_t row) const {
  const auto link = [row](const Run& run, std::uint64_t seq) {
    return detail::Link{.root = seq,
                        .edge = run.edge,
                        .spout_task = run.spout.task,
                        .incarnation = run.spout.incarnation,
                        .row = static_cast<std::uint16_t>(row),
                        .derived = run.derived()};
  };
  if (roots_.count == 0) {
    return Anchor(std::vector<detail::Link>{});
  }
  if (roots_.count == 1) {
    return Anchor(link(batch_->runs[first_], roots_.one.seq));
  }
  std::vector<detail::Link> links;
  for (std::uint32_t i = 0; i < roots_.count; ++i) {
    links.push_back(link(batch_->runs[first_ + i], roots_.many[i].seq));
  }
  return Anchor(std::move(links));
}

std::uint64_t RunAppender::open(Batch& batch, const Root& root, EdgeSource& edges, bool derived) {
  const auto row = static_cast<std::uint16_t>(batch.rows - 1);
  batch.runs.push_back({.root0 = root.seq,
                        .edge = edges.next(),
                        .spout = root.spout,
                        .n = 1,
                        .first_row = row,
                        .deltas = 0,
                        .flags = derived ? Run::kDerived : std::uint16_t{0}});
  last_seq_ = root.seq;
  closed_ = false;
  return batch.runs.back().edge_of_row(row);
}

void RunAppender::extend(Batch& batch, Run& run, std::uint8_t delta) {
  if (run.deltas == 0) {  // so far consecutive: write that down first
    run.deltas = static_cast<std::uint16_t>(batch.deltas.size() + 1);
    batch.deltas.push_back(0);
    batch.deltas.insert(batch.deltas.end(), run.n - 1u, 1);
  }
  batch.deltas.push_back(delta);
  ++run.n;
}

}  // namespace rafale::worker
