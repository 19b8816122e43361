// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The heap of events and the network.

#include "tests/simulation/cluster/stage.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace rafale::cluster_sim {

void Stage::after(std::int64_t delay_ns, std::function<void()> event) {
  events_.push_back({now() + std::max<std::int64_t>(delay_ns, 0), next_++, std::move(event)});
  std::ranges::push_heap(events_, std::greater<>());
}

bool Stage::step(std::int64_t until_ns) {
  if (events_.empty() || events_.front().at > until_ns) return false;
  std::ranges::pop_heap(events_, std::greater<>());
  const Event event = std::move(events_.back());
  events_.pop_back();
  clock_.advance(std::chrono::nanoseconds(event.at - now()));
  ++steps_;
  event.what();
  return true;
}

void Stage::send(Host from, Host to, std::function<void()> deliver) {
  if (!linked(from, to)) return;
  const std::int64_t delay = chance(0.03) ? between(20, 900) : between(0, 15);
  after(delay, [this, from, to, deliver = std::move(deliver)] {
    if (linked(from, to)) deliver();
  });
}

void Stage::say(const std::string& line) {
  if (!tracing_) return;
  story_.push_back(absl::StrFormat("%9.3f  %s", static_cast<double>(now()) / 1e9, line));
}

void Stage::violate(const std::string& what) {
  if (violation_) return;
  say("VIOLATION: " + what);
  violation_ = absl::StrFormat("at %.3f s: %s", static_cast<double>(now()) / 1e9, what);
}

}  // namespace rafale::cluster_sim
