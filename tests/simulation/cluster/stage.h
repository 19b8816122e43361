// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What all parts of a simulated cluster share: time, chance and the network.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/clock.h"
#include "common/random.h"

namespace rafale::cluster_sim {

inline constexpr std::int64_t kMs = 1'000'000;
inline constexpr std::int64_t kSecond = 1000 * kMs;

/// Hosts by number: machines from 0, Nimbus from kFirstNimbus.
using Host = int;
inline constexpr Host kFirstNimbus = 100;
inline constexpr Host kZookeeper = 200;
inline constexpr Host kUser = 300;

/// Events in the order of a simulated clock. Everything that happens by chance is drawn from one
/// source, so that a seed repeats a run.
class Stage {
 public:
  Stage(std::uint64_t seed, bool tracing) : random_(seed), tracing_(tracing) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  std::int64_t now() const { return clock_.now_ns(); }
  std::int64_t unix_ms() const { return clock_.wall_ms(); }
  common::Random& random() { return random_; }
  /// From 0 to n - 1; n is at least 1.
  int pick(std::size_t n) { return static_cast<int>(random_.below(n)); }
  bool chance(double probability) { return random_.chance(probability); }
  /// A time between two numbers of milliseconds.
  std::int64_t between(std::int64_t from_ms, std::int64_t to_ms) {
    return (from_ms * kMs) + static_cast<std::int64_t>(random_.below(
                                 static_cast<std::uint64_t>((to_ms - from_ms) * kMs + 1)));
  }

  void after(std::int64_t delay_ns, std::function<void()> event);
  /// Nothing happens if `who` is gone by then.
  template <class T, class Event>
  void after(T& who, std::int64_t delay_ns, Event event) {
    after(delay_ns, [weak = std::weak_ptr<T>(who.shared_from_this()), event = std::move(event)] {
      if (const auto held = weak.lock()) event(*held);
    });
  }
  /// Does the next event; false if there is none before `until_ns`.
  bool step(std::int64_t until_ns);

  // --- the network between hosts
  void cut(Host a, Host b) { cuts_.insert(std::minmax(a, b)); }
  void mend(Host a, Host b) { cuts_.erase(std::minmax(a, b)); }
  bool linked(Host a, Host b) const { return !cuts_.contains(std::minmax(a, b)); }
  /// Delivers after a while, unless the link is cut now or then. Messages may overtake each other.
  void send(Host from, Host to, std::function<void()> deliver);

  /// A call with a deadline of two seconds. `serve` runs on the other side and calls its argument,
  /// at once or later; `done` gets the answer, or nothing.
  template <class Answer>
  using Reply = std::function<void(std::optional<Answer>)>;
  template <class Answer>
  void call(Host from, Host to, std::function<void(Reply<Answer>)> serve, Reply<Answer> done) {
    const auto open = std::make_shared<Reply<Answer>>(std::move(done));
    const auto finish = [open](std::optional<Answer> answer) {
      if (*open == nullptr) return;
      std::exchange(*open, nullptr)(std::move(answer));
    };
    after(2 * kSecond, [finish] { finish(std::nullopt); });
    send(from, to, [this, from, to, serve = std::move(serve), finish] {
      serve([this, from, to, finish](std::optional<Answer> answer) {
        send(to, from, [finish, answer = std::move(answer)] { finish(answer); });
      });
    });
  }

  // --- what went wrong, and how it came to it
  bool tracing() const { return tracing_; }
  void say(const std::string& line);
  const std::vector<std::string>& story() const { return story_; }
  /// The first one stays.
  void violate(const std::string& what);
  const std::optional<std::string>& violation() const { return violation_; }
  std::uint64_t steps() const { return steps_; }

 private:
  struct Event {
    std::int64_t at;
    std::uint64_t number;
    std::function<void()> what;
    friend bool operator>(const Event& a, const Event& b) {
      return std::pair(a.at, a.number) > std::pair(b.at, b.number);
    }
  };

  common::SimulatedClock clock_;
  common::Random random_;
  std::vector<Event> events_;  // a heap
  std::uint64_t next_ = 0;
  std::uint64_t steps_ = 0;
  std::set<std::pair<Host, Host>> cuts_;
  const bool tracing_;
  std::vector<std::string> story_;
  std::optional<std::string> violation_;
};

}  // namespace rafale::cluster_sim
