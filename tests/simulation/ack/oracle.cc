// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The invariants of the ack protocol, checked root by root.
#include "tests/simulation/ack/oracle.h"

#include <algorithm>
#include <span>
#include <tuple>

namespace rafale::worker::sim {
namespace {

bool before(const Root& a, const Root& b) {
  return std::tie(a.spout.task, a.spout.incarnation, a.seq) <
         std::tie(b.spout.task, b.spout.incarnation, b.seq);
}

std::string to_string(std::span<const Root> roots) {
  std::string text = "{";
  for (const Root& root : roots) {
    text += (text.size() > 1 ? ", " : "") + sim::to_string(root);
  }
  return text + "}";
}

}  // namespace

std::string to_string(const Root& root) {
  std::ostringstream out;
  out << root.spout.task << '.' << std::hex << (root.spout.incarnation >> 16) << std::dec << ':'
      << root.seq;
  return out.str();
}

void Oracle::started(const SpoutRef& spout, bool current) {
  if (current) {
    for (auto& [key, start] : starts_) {
      if (start.spout.task == spout.task && start.current) {
        start.current = false;
        unfinished_ -= start.open;
      }
    }
  }
  Start& start = starts_[spout_key(spout)];
  start.spout = spout;
  start.current = current;
}

void Oracle::opened(const Root& root, std::uint64_t message, std::int64_t now) {
  Start& start = starts_[spout_key(root.spout)];
  if (start.roots.size() != root.seq) {
    violate("I7 root ", sim::to_string(root), " follows ", start.roots.size());
  }
  start.roots.push_back({.message = message,
                         .since = now,
                         .settled = start.current ? options_.settled() : 0,
                         .touched = {},
                         .parkings = {}});
  ++start.open;
  unfinished_ += start.current ? 1 : 0;
}

std::int64_t Oracle::new_row(std::vector<Root> keys) {
  std::ranges::sort(keys, before);
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  rows_.push_back(std::move(keys));
  return static_cast<std::int64_t>(rows_.size() - 1);
}

void Oracle::live(const std::vector<Root>& keys, int by) {
  for (const Root& root : keys) {
    truth(root).live += by;
  }
}

void Oracle::touched(const std::vector<Root>& keys, const Place& place) {
  for (const Root& root : keys) {
    auto& places = truth(root).touched;
    if (std::ranges::find(places, place) == places.end()) {
      places.push_back(place);
    }
  }
}

void Oracle::spoiled(const std::vector<Root>& keys) {
  for (const Root& root : keys) {
    truth(root).spoiled = true;
  }
}

void Oracle::marked(const std::vector<Root>& keys) {
  for (const Root& root : keys) {
    truth(root).marked = true;
  }
}

void Oracle::reset(const Root& root, std::int64_t now) {
  if (Truth& t = truth(root); !t.ended) {
    t.since = now;
  }
}

void Oracle::parked(const std::vector<Root>& keys, const Truth::Parking& parking) {
  for (const Root& root : keys) {
    truth(root).parkings.push_back(parking);
  }
}

/// Marks the root as over. Null if it is none, or was over before.
Truth* Oracle::end(const Root& root, std::uint64_t message) {
  Start& start = starts_[spout_key(root.spout)];
  if (root.seq >= start.roots.size()) {
    violate("I7 root ", sim::to_string(root), " ends and never began");
    return nullptr;
  }
  Truth& t = start.roots[static_cast<std::size_t>(root.seq)];
  if (t.message != message) {
    violate("I7 root ", sim::to_string(root), " of message ", t.message, " ends as message ",
            message);
  }
  if (t.ended) {
    violate("I3 root ", sim::to_string(root), " ends twice");
    return nullptr;
  }
  t.ended = true;
  --start.open;
  unfinished_ -= start.current ? 1 : 0;
  return &t;
}

void Oracle::ended(const SpoutRef& spout, const Acked& how) {
  const Root root{spout, how.seq};
  if (const Truth* t = end(root, how.message)) {
    acked(root, *t, false);
  }
}

void Oracle::ended(const SpoutRef& spout, const Completion& how, std::int64_t now) {
  const Root root{spout, how.seq};
  Truth* t = end(root, how.message);
  if (t == nullptr) {
    return;
  }
  if (how.outcome == Completion::Outcome::failed) {
    failed(root, *t, how, now);
  } else {
    acked(root, *t, true);
  }
}

void Oracle::acked(const Root& root, const Truth& t, bool dead_lettered) {
  if (t.live != 0 || t.spoiled) {
    violate("I1 root ", sim::to_string(root), " is acked with ", t.live, " live rows",
            t.spoiled ? " and was failed" : "");
  }
  if (t.marked != dead_lettered) {
    violate("I9 root ", sim::to_string(root), dead_lettered ? " is" : " is not",
            " dead-lettered, but was ", t.marked ? "marked" : "not marked");
  }
  for (const Truth::Parking& parking : t.parkings) {
    for (std::uint64_t window = parking.first; window <= parking.last; ++window) {
      if (!parking.log->acked.contains(window)) {
        violate("I6 root ", sim::to_string(root), " is acked before window ", window, " of task ",
                parking.log->task);
      }
    }
  }
}

void Oracle::failed(const Root& root, const Truth& t, const Completion& how, std::int64_t now) {
  const std::string what = sim::to_string(root) + " fails by " +
                           std::string(rafale::to_string(how.code)) + " in task " +
                           std::to_string(how.task);
  if (options_.calm) {
    violate("I2 ", what, " though nothing was lost or failed");
  }
  switch (how.code) {
    case FailureCode::timeout:
      if (now - t.since < options_.timeout_ns) {
        violate("I3 ", what, " after ", now - t.since, " ns of ", options_.timeout_ns);
      }
      break;
    case FailureCode::peer_lost:
      if (std::ranges::none_of(t.touched, options_.gone)) {
        violate("I8 ", what, " but was in no worker that is gone");
      }
      if (t.settled == options_.assignments()) {
        violate("I8 ", what, " though it began when all workers knew who was there");
      }
      break;
    case FailureCode::explicit_:
    case FailureCode::exception:
      if (!t.spoiled) {
        violate("I7 ", what, " but user code failed another");
      }
      break;
  }
}

void Oracle::skipped(std::int64_t row) {
  const std::vector<Root>& roots = keys(row);
  for (const Root& root : roots) {
    const Start& start = starts_[spout_key(root.spout)];
    if (start.current && !truth(root).ended) {
      violate("I5 a row of the open root ", sim::to_string(root), " is skipped");
    }
  }
  if (roots.empty()) {
    violate("I5 a row without roots is skipped");
  }
}

void Oracle::names(std::int64_t row, std::span<const Root> roots) {
  std::vector<Root> sorted(roots.begin(), roots.end());
  std::ranges::sort(sorted, before);
  if (row < 0 || static_cast<std::size_t>(row) >= rows_.size()) {
    violate("I7 a batch has row ", row, ", which nobody emitted");
  } else if (sorted != keys(row)) {
    violate("I7 row ", row, " of roots ", to_string(keys(row)), " is anchored to ",
            to_string(sorted));
  }
}

std::string Oracle::unfinished() const {
  std::ostringstream out;
  for (const auto& [key, start] : starts_) {
    if (!start.current || start.open == 0) {
      continue;
    }
    for (std::uint64_t seq = 0; seq < start.roots.size(); ++seq) {
      const Truth& t = start.roots[static_cast<std::size_t>(seq)];
      if (!t.ended) {
        out << ' ' << sim::to_string({start.spout, seq}) << " (live " << t.live
            << (t.spoiled ? ", failed" : "") << (t.parkings.empty() ? "" : ", parked")
            << ", in workers";
        for (const Place& place : t.touched) {
          out << ' ' << place.worker << '.' << place.instance;
        }
        out << ')';
      }
    }
  }
  return out.str();
}

}  // namespace rafale::worker::sim
