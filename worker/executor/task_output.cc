// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Routing of rows into batches. HOT PATH.
#include "worker/executor/task_output.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "worker/executor/bolt_task.h"

namespace rafale::worker {
namespace {

std::uint16_t first_tags(const Schema& schema) {
  std::uint16_t tags = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(schema.size(), 4); ++i) {
    tags = static_cast<std::uint16_t>(tags | static_cast<unsigned>(schema[i].type) << (4 * i));
  }
  return tags;
}

}  // namespace

TaskOutput::TaskOutput(ExecutorCore& core, std::string component, TaskId task,
                       std::vector<const detail::StreamInfo*> streams)
    : Emitter(nullptr, 0),
      core_(core),
      counter_memory_(streams.size(), core.counter_memory(task)),
      counters_(counter_memory_.counters()),
      component_(std::move(component)),
      task_(task),
      out_ports_(streams.size()),
      wiring_(streams.size()),
      modes_(streams.size(), Mode::nobody),
      fused_edges_(streams.size()) {
  for (std::size_t i = 0; i < streams.size(); ++i) {
    out_ports_[i].index = static_cast<std::uint16_t>(i);
    out_ports_[i].stream = streams[i];
    if (streams[i] != nullptr) {
      out_ports_[i].tags = first_tags(streams[i]->schema);
      out_ports_[i].fields = static_cast<std::uint16_t>(streams[i]->schema.size());
    }
  }
  ports_ = out_ports_.data();
  port_count_ = out_ports_.size();
}

TaskOutput::~TaskOutput() {
  for (Port& port : wiring_) {
    for (Outlet& outlet : port.outlets) {
      for (Lane& lane : outlet.lanes) {
        if (lane.open != nullptr) {
          lane.open->release();
        }
      }
    }
  }
}

void TaskOutput::wired(Tracker* tracker) {
  tracker_ = tracker;
  for (std::size_t i = 0; i < wiring_.size(); ++i) {
    const Port& port = wiring_[i];
    fused_edges_[i] = {};
    if (port.direct) {
      modes_[i] = Mode::direct;
    } else if (port.outlets.empty()) {
      modes_[i] = port.fused.empty() ? Mode::nobody : Mode::several;
      if (port.fused.size() == 1) {
        BoltTask* child = port.fused[0];
        fused_edges_[i] = {child, child->input(port.fused_input[0]), &counters_.port[i]};
      }
    } else {
      const bool one = port.fused.empty() && port.outlets.size() == 1 &&
                       port.outlets[0].lanes.size() == 1 && port.outlets[0].grouper != nullptr;
      modes_[i] = one ? Mode::one_lane : Mode::several;
    }
  }
}

// --- one row
// --------------------------------------------------------------------------------------------

std::uint32_t TaskOutput::route(detail::OutPort& port, std::size_t bytes, const Roots& roots,
                                TaskId direct_to) {
  if (const FusedEdge& edge = fused_edge(port); edge.task != nullptr && direct_to == 0) {
    edge.pass(port.cursor, task_, roots);
    return 1;
  }
  counters_.port[port.index].emitted.add();
  if (direct_to != 0) [[unlikely]] {
    return route_direct(port, bytes, roots, direct_to);
  }
  Port& wiring = wiring_[port.index];
  switch (modes_[port.index]) {
    case Mode::nobody:
      return 0;
    case Mode::one_lane: {
      counters_.port[port.index].transferred.add();
      Lane& lane = wiring.outlets[0].lanes[0];
      append(lane, port.cursor, bytes);
      anchor(lane, roots);
      point_at(port, lane);
      close_if_full(port, lane);
      return 1;
    }
    case Mode::direct:
      throw std::invalid_argument("stream " + port.stream->stream + " of " + component_ +
                                  " is direct: emit to it with emit_direct()");
    case Mode::several:
      break;
  }
  return route_several(port, bytes, roots);
}

std::uint32_t TaskOutput::route_several(detail::OutPort& port, std::size_t bytes,
                                        const Roots& roots) {
  Port& wiring = wiring_[port.index];
  std::uint32_t reached = 0;
  const char* row = port.cursor;
  Lane* last = nullptr;
  for (Outlet& outlet : wiring.outlets) {
    if (outlet.grouper == nullptr) {
      continue;
    }
    const std::uint32_t chosen = outlet.grouper->choose(row);
    const bool everyone = chosen == Grouper::kAll;
    const auto end = everyone ? static_cast<std::uint32_t>(outlet.lanes.size()) : chosen + 1;
    for (std::uint32_t i = everyone ? 0 : chosen; i < end; ++i, ++reached) {
      put(outlet, i, row, bytes, roots);
      last = &outlet.lanes[i];
    }
  }
  for (std::size_t i = 0; i < wiring.fused.size(); ++i, ++reached) {
    BoltTask& child = *wiring.fused[i];
    child.execute_fused(row, child.input(wiring.fused_input[i]), task_, roots);
  }
  counters_.port[port.index].transferred.add(reached);
  if (filled_) [[unlikely]] {  // batches are closed only now, as the row may stand in one of them
    filled_ = false;
    for (Outlet& outlet : wiring.outlets) {
      for (Lane& lane : outlet.lanes) {
        if (lane.open != nullptr && lane.open->full()) {
          close(lane);
        }
      }
    }
  }
  if (wiring.fused.empty() && last != nullptr && last->open != nullptr) {
    point_at(port, *last);
  } else {
    port.cursor = port.limit = nullptr;
  }
  return reached;
}

std::uint32_t TaskOutput::route_direct(detail::OutPort& port, std::size_t bytes, const Roots& roots,
                                       TaskId to) {
  std::uint32_t reached = 0;
  for (Outlet& outlet : wiring_[port.index].outlets) {
    if (outlet.grouper != nullptr) {
      continue;
    }
    const auto lane = std::find_if(outlet.lanes.begin(), outlet.lanes.end(),
                                   [to](const Lane& l) { return l.to.task == to; });
    if (lane != outlet.lanes.end()) {
      put(outlet, static_cast<std::uint32_t>(lane - outlet.lanes.begin()), port.cursor, bytes,
          roots);
      ++reached;
      if (lane->open->full()) {
        close(*lane);
      }
    }
  }
  counters_.port[port.index].transferred.add(reached);
  port.cursor = port.limit = nullptr;
  if (reached == 0) {
    throw std::invalid_argument("emit_direct from " + component_ + ": task " + std::to_string(to) +
                                " does not subscribe to stream " + port.stream->stream +
                                " with direct grouping");
  }
  return reached;
}

void TaskOutput::put(Outlet& outlet, std::uint32_t index, const char* row, std::size_t bytes,
                     const Roots& roots) {
  Lane& lane = outlet.lanes[index];
  append(lane, row, bytes);
  anchor(lane, roots);
  filled_ |= lane.open->full();
}

void TaskOutput::append(Lane& lane, const char* row, std::size_t bytes) {
  Batch* batch = lane.open;
  if (batch == nullptr || row != batch->tail()) {
    if (batch == nullptr || static_cast<std::size_t>(batch->end() - batch->tail()) < bytes) {
      open(lane, bytes);
      batch = lane.open;
    }
    row::copy_short(batch->tail(), row, bytes);
  }
  if (batch->rows == 0) {
    batch->opened_ns = core_.now_ns;
  }
  batch->bytes += static_cast<std::uint32_t>(bytes);
  ++batch->rows;
}

void TaskOutput::anchor(Lane& lane, const Roots& roots) {
  if (roots.count == 1) [[likely]] {
    const std::uint64_t edge = lane.runs.add(*lane.open, roots.one, core_.edges);
    if (tracker_ != nullptr) {
      tracker_->add_edge(roots.one.seq, edge, lane.to.worker, lane.to.instance);
    }
  } else if (roots.count > 1) {
    lane.runs.add_many(*lane.open, roots.all(), core_.edges,
                       [&](const Root& root, std::uint64_t edge) {
                         if (tracker_ != nullptr) {
                           tracker_->add_edge(root.seq, edge, lane.to.worker, lane.to.instance);
                         }
                       });
  }
}

// --- batches
// --------------------------------------------------------------------------------------------

void TaskOutput::open(Lane& lane, std::size_t bytes) {
  if (lane.open != nullptr) {
    close(lane);
  }
  lane.open = core_.batches.take(bytes);
  if (lane.to.worker != core_.options.worker) lane.open->set_limits(Batch::kFar);
  lane.open->to = lane.to;
  lane.open->from = task_;
  lane.open->input = lane.input;
  lane.runs.restart();
}

void TaskOutput::close(Lane& lane) {
  Batch* batch = lane.open;
  lane.open = nullptr;
  if (batch->rows == 0) {
    batch->release();
    return;
  }
  if (tracker_ == nullptr) {
    core_.records.report_emits(*batch);
  }
  if (!core_.exchange.deliver(batch) && !lane.cyclic) {
    core_.exchange.will_wait_for(lane.to.task);
    core_.congested = true;
  }
}

void TaskOutput::close_if_full(detail::OutPort& port, Lane& lane) {
  if (lane.open->full()) [[unlikely]] {
    close(lane);
    port.cursor = port.limit = nullptr;
  }
}

void TaskOutput::room(detail::OutPort& port, std::size_t bytes) {
  if (port.stream == nullptr) {
    throw std::invalid_argument(component_ + " declares no default stream to emit to");
  }
  if (bytes > core_.options.max_tuple_bytes) {
    throw std::length_error("a tuple of " + std::to_string(bytes) + " bytes for stream " +
                            port.stream->stream + " of " + component_ +
                            " exceeds topology.max.tuple.bytes (" +
                            std::to_string(core_.options.max_tuple_bytes) + ")");
  }
  Lane* lane = single_lane(port);
  if (lane == nullptr) {
    to_scratch(port, bytes);
    return;
  }
  open(*lane, bytes);
  point_at(port, *lane);
}

void TaskOutput::to_scratch(detail::OutPort& port, std::size_t bytes) {
  Port& wiring = wiring_[port.index];
  if (wiring.scratch_size < bytes) {
    wiring.scratch_size = std::max<std::size_t>(bytes, 4096);
    wiring.scratch = std::make_unique<char[]>(wiring.scratch_size);
  }
  port.cursor = wiring.scratch.get();
  port.limit = port.cursor + std::min(wiring.scratch_size, core_.options.max_tuple_bytes);
}

void TaskOutput::flush_batches(std::int64_t min_age_ns) {
  for (std::size_t i = 0; i < wiring_.size(); ++i) {
    for (Outlet& outlet : wiring_[i].outlets) {
      for (Lane& lane : outlet.lanes) {
        if (lane.open != nullptr && lane.open->rows > 0 &&
            core_.now_ns - lane.open->opened_ns >= min_age_ns) {
          close(lane);
          out_ports_[i].cursor = out_ports_[i].limit = nullptr;
        }
      }
    }
  }
}

void TaskOutput::report_emits() {
  if (tracker_ != nullptr) {
    return;  // every edge went straight into the tracker
  }
  for (Port& port : wiring_) {
    for (Outlet& outlet : port.outlets) {
      for (Lane& lane : outlet.lanes) {
        if (lane.open != nullptr) {
          core_.records.report_emits(*lane.open);
        }
      }
    }
  }
}

void TaskOutput::rebind(const std::vector<Destination>& now) {
  for (std::size_t i = 0; i < wiring_.size(); ++i) {
    for (Outlet& outlet : wiring_[i].outlets) {
      for (Lane& lane : outlet.lanes) {
        const auto to = std::find_if(now.begin(), now.end(),
                                     [&](const Destination& d) { return d.task == lane.to.task; });
        if (to == now.end() || (to->worker == lane.to.worker && to->instance == lane.to.instance)) {
          continue;
        }
        lane.to = *to;
        if (lane.open != nullptr) {
          if (tracker_ == nullptr) {
            // The trackers must hear that these rows went to an instance that is no more: the
            // inputs that they hang on are acked like all others.
            core_.records.report_emits(*lane.open);
          }
          lane.open->release();
          lane.open = nullptr;
          out_ports_[i].cursor = out_ports_[i].limit = nullptr;
        }
      }
    }
  }
}

void TaskOutput::report_error(std::string_view text) {
  core_.errors.note(component_, text, core_.now_ns);
}

}  // namespace rafale::worker
