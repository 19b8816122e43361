// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A map that outlives its process: what a stateful bolt knows by key.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/state/state_codec.h"
#include "connectors/state/state_table.h"
#include "connectors/state/stateful_bolt.h"

namespace rafale::connectors {

/// A plain value.
struct KeyedStateOptions {
  /// How long a value is there after it was put last; 0: until it is erased.
  std::chrono::milliseconds ttl{0};
};

/// Values by key, of one task: a member of the bolt that uses it. Every change is in the next
/// snapshot of its bolt, with all others made since the one before, or lost with them; see
/// StatefulBolt. A snapshot's work is in proportion to the keys that changed, not to those there
/// are.
///
///   class Visits final : public StatefulBolt {
///     KeyedState<std::string, std::int64_t> counts_{*this, "counts"};
///     void process(const Tuple& in, BasicCollector&) override {
///       const auto page = in.get<std::string>("page");
///       counts_.put(page, counts_.get(page).value_or(0) + 1);
///     }
///   };
///
/// Used on the task's thread, from start() on; before that it throws std::logic_error. Errors of
/// the disk, and bytes that the codec does not take, throw std::runtime_error. Times are
/// TaskContext::wall_ms(): they go on while the process does not run.
template <class K, class V>
class KeyedState {
 public:
  /// `name` is the state's within its component: 1 to 64 letters, digits, '_', '-' and '.', else
  /// std::invalid_argument. `owner` outlives this.
  KeyedState(StatefulBolt& owner, std::string name, KeyedStateOptions options = {})
      : table_(std::move(name), StateCodec<K>::name() + " to " + StateCodec<V>::name(),
               options.ttl.count()) {
    owner.add(table_);
  }
  KeyedState(const KeyedState&) = delete;
  KeyedState& operator=(const KeyedState&) = delete;

  /// The value; nothing if there is none or if it is expired.
  std::optional<V> get(const K& key) const {
    const std::optional<std::string> bytes = table_.get(encoded(key));
    return bytes ? std::optional<V>(StateCodec<V>::decode(*bytes)) : std::nullopt;
  }
  /// Its time to live begins anew.
  void put(const K& key, const V& value) { table_.put(encoded(key), encoded(value)); }
  /// Does nothing if there is no value. A timer of the key stays.
  void erase(const K& key) { table_.erase(encoded(key)); }
  /// Calls visit(key, value) for all that are there, in the order of the keys' bytes. `visit` may
  /// change this state: whether it sees what it changes ahead of itself is not said.
  template <class Visit>
  void for_each(Visit visit) const {
    table_.for_each([&](std::string_view key, std::string_view value) {
      visit(StateCodec<K>::decode(key), StateCodec<V>::decode(value));
    });
  }

  /// What to call when a timer is due; set it before prepare() or in start(). Called on the task's
  /// thread with a tick, so up to one tick late; also for timers that were set before a restart. It
  /// hangs on no tuple, so what it emits is unanchored, unless it kept an anchor. At least once:
  /// after a crash a timer that fired since the last snapshot fires again, on the state of that
  /// snapshot. If it throws, the text is shown as an error and the timer fires again with the next
  /// tick.
  void on_timer(std::function<void(const K& key, BoltCollector& out)> call) {
    table_.on_timer([call = std::move(call)](std::string_view key, BoltCollector& out) {
      call(StateCodec<K>::decode(key), out);
    });
  }
  /// Has on_timer called for `key` at `when_ms` (TaskContext::wall_ms()) or as soon as it can be. A
  /// key has one timer: this replaces it. It needs no value, and expires with none.
  void set_timer(const K& key, std::int64_t when_ms) { table_.set_timer(encoded(key), when_ms); }
  void cancel_timer(const K& key) { table_.cancel_timer(encoded(key)); }
  /// When the timer of `key` is due; nothing if it has none.
  std::optional<std::int64_t> timer(const K& key) const { return table_.timer(encoded(key)); }

 private:
  template <class T>
  static std::string encoded(const T& from) {
    std::string bytes;
    StateCodec<T>::encode(from, bytes);
    return bytes;
  }

  state::StateTable table_;
};

}  // namespace rafale::connectors
