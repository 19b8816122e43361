// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What travels between simulated workers, and a link that loses its connection and repeats itself.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/simulation/ack/oracle.h"
#include "worker/ack/record.h"
#include "worker/batch/batch.h"

namespace rafale::worker::sim {

/// A batch as bytes would carry it: nothing of the sender's memory.
struct WireBatch {
  Destination to;
  TaskId from = 0;
  std::uint16_t input = 0;
  std::uint32_t rows = 0;
  std::string bytes;
  std::vector<Run> runs;
  std::vector<std::uint8_t> deltas;
};

struct WireRecords {
  std::vector<Record> records;
  std::vector<std::uint8_t> deltas;
  std::vector<Token> tokens;
};

struct Frame {
  std::uint32_t epoch = 0;  ///< of the assignment that the sender follows
  TaskId task = 0;
  std::variant<WireBatch, WireRecords> load;
};

enum class Channel : std::uint8_t { data, ctl };

/// One direction of one channel between two instances. Frames are numbered; what is not confirmed
/// is sent again after a reconnect, so that the receiver sees some twice and drops what it has
/// seen.
class Link {
 public:
  struct Numbered {
    std::uint64_t number;
    std::shared_ptr<const Frame> frame;
  };
  Link(const Place& from, const Place& to, Channel channel)
      : from_(from), to_(to), channel_(channel) {}

  void send(Frame frame) {
    const Numbered next{++last_, std::make_shared<const Frame>(std::move(frame))};
    unconfirmed_.push_back(next);
    wire_.push_back(next);
  }
  /// The first frame on the wire; null if it was seen before. `repeat`: it stays there as well.
  std::shared_ptr<const Frame> take(bool repeat, std::size_t at = 0) {
    const Numbered next = wire_[at];
    if (!repeat) {
      wire_.erase(wire_.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (deduplicate && next.number <= seen_) {
      return nullptr;
    }
    seen_ = deduplicate ? next.number : seen_;
    return next.frame;
  }
  void confirm() {
    while (!unconfirmed_.empty() && unconfirmed_.front().number <= seen_) {
      unconfirmed_.pop_front();
    }
  }
  void reconnect(bool resend) { wire_ = resend ? unconfirmed_ : std::deque<Numbered>{}; }
  /// The sender is gone: what it still had to send may not have left.
  void cut(std::size_t left) {
    wire_.resize(std::min(wire_.size(), left));
    unconfirmed_ = wire_;
  }
  void skip_to(std::uint64_t seen) { seen_ = seen; }

  std::size_t waiting() const { return wire_.size(); }
  std::uint64_t seen() const { return seen_; }
  const Place& from() const { return from_; }
  const Place& to() const { return to_; }
  Channel channel() const { return channel_; }

  bool deduplicate = true;

 private:
  Place from_;
  Place to_;
  Channel channel_;
  std::uint64_t last_ = 0;
  std::uint64_t seen_ = 0;  // at the receiver
  std::deque<Numbered> unconfirmed_;
  std::deque<Numbered> wire_;
};

}  // namespace rafale::worker::sim
