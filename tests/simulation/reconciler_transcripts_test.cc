// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a supervisor does with its slots, scenario by scenario: transcripts/reconciler/.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "supervisor/reconciler.h"
#include "tests/simulation/transcript.h"

namespace rafale::supervisor {
namespace {

using simulation::Words;

std::uint32_t number(const std::string& word) {
  return static_cast<std::uint32_t>(std::stoul(word));
}

std::string rest(const Words& words, std::size_t from) {
  return absl::StrJoin(words.begin() + static_cast<std::ptrdiff_t>(from), words.end(), " ");
}

std::string text(const Action& action) {
  struct Name {
    std::string operator()(const Fetch& a) { return absl::StrCat("fetch for ", a.port); }
    std::string operator()(const LaunchWorker& a) { return absl::StrCat("launch at ", a.port); }
    std::string operator()(const StopWorker& a) { return absl::StrCat("stop ", a.port); }
    std::string operator()(const KillWorker& a) { return absl::StrCat("kill ", a.port); }
    std::string operator()(const Remember& a) { return absl::StrCat("remember ", a.port); }
    std::string operator()(const ClearSlot& a) { return absl::StrCat("clear ", a.port); }
    std::string operator()(const WorkerDied& a) {
      return absl::StrCat("tell that ", a.dead.topology, "/", a.dead.worker, " instance ",
                          a.dead.instance, " is over", a.how.empty() ? "" : ": ", a.how);
    }
  };
  return std::visit(Name(), action);
}

/// Two slots, 6700 and 6701, and a clock.
class Play {
 public:
  Play() { start(); }

  std::vector<std::string> command(const Words& words) {
    const auto found = commands_.find(words[0]);
    if (found == commands_.end()) return {"no such command"};
    std::map<std::uint32_t, std::string> before;
    for (const auto& [port, slot] : reconciler_->slots()) before[port] = text_of(slot);
    lines_.clear();
    for (const Action& action : found->second(words)) lines_.push_back(text(action));
    for (const auto& [port, slot] : reconciler_->slots()) {
      if (text_of(slot) != before[port]) lines_.push_back("  " + text_of(slot));
    }
    if (lines_.empty()) lines_.emplace_back("nothing");
    return lines_;
  }

 private:
  void start() {
    reconciler_.emplace(std::vector<std::uint32_t>{6700, 6701}, Reconciler::Options());
  }

  std::string text_of(const Slot& slot) const {
    std::string line = absl::StrCat(slot.port, " ", std::string(to_string(slot.state)));
    if (slot.state == SlotState::empty) return line;
    absl::StrAppend(&line, " ", slot.wanted.topology, "/", slot.wanted.worker, " instance ",
                    slot.instance);
    if (slot.pid != 0) absl::StrAppend(&line, ", pid ", slot.pid);
    if (slot.state == SlotState::backoff || slot.state == SlotState::unusable) {
      absl::StrAppend(&line, ", again in ", (slot.retry_ns - now_ns_) / 1'000'000, " ms");
    }
    if (slot.restarts != 0) absl::StrAppend(&line, ", restarts ", slot.restarts);
    if (!slot.last_exit.empty()) absl::StrAppend(&line, ", last: ", slot.last_exit);
    return line;
  }

  // want [PORT TOPOLOGY WORKER BASE COMPONENT:FIRST-LAST]...: the newest assignments, all of them
  std::vector<Action> want(const Words& words) {
    std::map<std::uint32_t, Desired> all;
    for (std::size_t i = 1; i + 4 < words.size(); i += 5) {
      Desired& desired = all[number(words[i])];
      desired.topology = desired.name = words[i + 1];
      desired.worker = number(words[i + 2]);
      desired.instance_base = number(words[i + 3]);
      const std::vector<std::string> parts = absl::StrSplit(words[i + 4], absl::ByAnyChar(":-"));
      desired.executors = {{parts.at(0), number(parts.at(1)), number(parts.at(2))}};
    }
    return reconciler_->want(all, now_ns_);
  }

  // fetched PORT [MISTAKE...]
  std::vector<Action> fetched(const Words& words) {
    return reconciler_->fetched(number(words[1]), rest(words, 2), now_ns_);
  }

  // launched PORT PID TOKEN
  std::vector<Action> launched(const Words& words) {
    return reconciler_->launched(number(words[1]), number(words[2]), 1, words[3], now_ns_);
  }

  // not-launched PORT taken|failed WHY...
  std::vector<Action> not_launched(const Words& words) {
    return reconciler_->not_launched(number(words[1]), rest(words, 3), words[2] == "taken",
                                     now_ns_);
  }

  // said TOKEN STATE EPOCH [FAILURE...]: a process speaks
  std::vector<Action> said(const Words& words) {
    const std::optional<std::uint32_t> port = reconciler_->port_of(words[1]);
    if (port) {
      reconciler_->reported(*port, words[2], number(words[3]), rest(words, 4), now_ns_);
    } else {
      lines_.emplace_back("refuse the process");
    }
    return {};
  }

  // exited PORT HOW...
  std::vector<Action> exited(const Words& words) {
    return reconciler_->exited(number(words[1]), rest(words, 2), "", now_ns_);
  }

  // time MILLISECONDS
  std::vector<Action> time(const Words& words) {
    now_ns_ += std::int64_t{number(words[1])} * 1'000'000;
    return reconciler_->tick(now_ns_);
  }

  // restart [PORT runs|gone|unremembered]...: another supervisor, which finds that of the slots
  std::vector<Action> restart(const Words& words) {
    const std::map<std::uint32_t, Slot> old = reconciler_->slots();
    start();
    std::vector<Action> actions;
    for (std::size_t i = 1; i + 1 < words.size(); i += 2) {
      const Slot& known = old.at(number(words[i]));
      Slot slot;  // what slot.json has
      slot.port = known.port;
      slot.wanted = known.wanted;
      slot.instance = known.instance;
      slot.restarts = known.restarts;
      slot.token = known.token;
      slot.pid = words[i + 1] == "unremembered" ? 0 : known.pid;
      for (Action& action : reconciler_->restore(slot, words[i + 1] == "runs", now_ns_)) {
        actions.push_back(std::move(action));
      }
    }
    return actions;
  }

  // stop-all
  std::vector<Action> stop_all(const Words&) { return reconciler_->stop_all(now_ns_); }

  std::map<std::string, std::function<std::vector<Action>(const Words&)>> commands_{
      {"want", [this](const Words& w) { return want(w); }},
      {"fetched", [this](const Words& w) { return fetched(w); }},
      {"launched", [this](const Words& w) { return launched(w); }},
      {"not-launched", [this](const Words& w) { return not_launched(w); }},
      {"said", [this](const Words& w) { return said(w); }},
      {"exited", [this](const Words& w) { return exited(w); }},
      {"time", [this](const Words& w) { return time(w); }},
      {"restart", [this](const Words& w) { return restart(w); }},
      {"stop-all", [this](const Words& w) { return stop_all(w); }},
  };
  std::int64_t now_ns_ = 100'000'000'000;
  std::optional<Reconciler> reconciler_;
  std::vector<std::string> lines_;
};

class ReconcilerTranscript : public testing::TestWithParam<std::string> {};

TEST_P(ReconcilerTranscript, IsAsWritten) {
  Play machine;
  simulation::play(GetParam(), [&](const Words& words) { return machine.command(words); });
}

INSTANTIATE_TEST_SUITE_P(Of, ReconcilerTranscript,
                         testing::ValuesIn(simulation::transcripts_of("reconciler")),
                         [](const auto& file) { return simulation::test_name(file.param); });

}  // namespace
}  // namespace rafale::supervisor
