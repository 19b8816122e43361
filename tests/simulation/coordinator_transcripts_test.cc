// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What Nimbus decides, scenario by scenario: transcripts/coordinator/.

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nimbus/changes.h"
#include "nimbus/coordinator.h"
#include "tests/simulation/transcript.h"

namespace rafale::nimbus {
namespace {

using simulation::Words;

std::uint32_t number(const std::string& word) {
  return static_cast<std::uint32_t>(std::stoul(word));
}

const char* name_of(coord::TopologyState state) {
  constexpr const char* kNames[] = {"active", "inactive", "killed", "rebalancing", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

/// What follows a word among others: value({"workers", "2"}, "workers") is "2"; "" if it is absent.
std::string value(const Words& words, const std::string& key) {
  const auto found = std::ranges::find(words, key);
  return found == words.end() || found + 1 == words.end() ? "" : *(found + 1);
}

/// A Nimbus and the store that it reads and writes.
class Play {
 public:
  std::vector<std::string> command(const Words& words) {
    lines_.clear();
    const auto found = commands_.find(words[0]);
    if (found == commands_.end()) return {"no such command"};
    found->second(words);
    return lines_;
  }

 private:
  // time SECONDS
  void time(const Words& words) { now_ns_ += std::int64_t{number(words[1])} * 1'000'000'000; }

  // supervisor ID PORT...: it registers
  void supervisor(const Words& words) {
    coord::SupervisorInfo info;
    info.id = info.host = words[1];
    for (std::size_t i = 2; i < words.size(); ++i) info.slot_ports.push_back(number(words[i]));
    view_.supervisors.push_back(info);
    read();
  }

  // unregistered ID: its session is over
  void unregistered(const Words& words) {
    std::erase_if(view_.supervisors, [&](const auto& info) { return info.id == words[1]; });
    read();
  }

  // hear SUPERVISOR...: heartbeats that name every assigned worker as running
  void hear(const Words& words) {
    for (std::size_t i = 1; i < words.size(); ++i) beat(words[i], 0);
  }

  // taken SUPERVISOR PORT: a heartbeat that says that another program has a port
  void taken(const Words& words) { beat(words[1], number(words[2])); }

  // work TOPOLOGY WORKER... [pending N]: heartbeats of workers that have the newest epoch
  void work(const Words& words) {
    const coord::Assignment& assignment = view_.assignments.at(words[1]).value;
    const std::string pending = value(words, "pending");
    for (std::size_t i = 2; i < words.size() && words[i] != "pending"; ++i) {
      const std::uint32_t worker = number(words[i]);
      coordinator_->hear(WorkerBeat{.topology = words[1],
                                    .worker = worker,
                                    .instance = assignment.workers.at(worker).instance_base,
                                    .adopted_epoch = assignment.epoch,
                                    .state = "running",
                                    .pending = pending.empty() ? 0 : number(pending)},
                         now_ns_);
    }
  }

  // submit TOPOLOGY [inactive] workers N COMPONENT:EXECUTORS:TASKS...: the first one is a spout
  void submit(const Words& words) {
    coord::TopologyRecord record;
    record.id = record.name = words[1];
    record.state = std::ranges::find(words, "inactive") == words.end()
                       ? coord::TopologyState::active
                       : coord::TopologyState::inactive;
    record.workers = number(value(words, "workers"));
    coord::TopologySpec spec;
    spec.workers = record.workers;
    std::uint32_t first = 1;
    for (const std::string& word : words) {
      const std::vector<std::string> parts = absl::StrSplit(word, ':');
      if (parts.size() != 3) continue;
      spec.components.push_back(
          {parts[0], spec.components.empty(), number(parts[1]), number(parts[2]), first, ""});
      first += number(parts[2]);
    }
    coord::Assignment assignment = coordinator_->plan(record, spec, now_ns_);
    say(assignment);
    view_.topologies[record.id] = {record, 0};
    if (!assignment.workers.empty()) view_.assignments[record.id] = {assignment, 0};
    specs_[record.id] = spec;
    read();
  }

  // kill TOPOLOGY wait SECONDS, activate TOPOLOGY, deactivate TOPOLOGY
  void kill(const Words& words) {
    change(words[1],
           [&](auto& record) { return ask_kill(record, number(value(words, "wait")) * 1000); });
  }
  void activate(const Words& words) {
    change(words[1], [](auto& record) { return ask_active(record, true); });
  }
  void deactivate(const Words& words) {
    change(words[1], [](auto& record) { return ask_active(record, false); });
  }

  // rebalance TOPOLOGY workers N wait SECONDS [COMPONENT=EXECUTORS...]
  void rebalance(const Words& words) {
    RebalanceWish wish;
    wish.workers = number(value(words, "workers"));
    wish.wait_ms = number(value(words, "wait")) * 1000;
    for (const std::string& word : words) {
      const std::size_t at = word.find('=');
      if (at != std::string::npos) wish.executors[word.substr(0, at)] = number(word.substr(at + 1));
    }
    change(words[1], [&](auto& record) { return ask_rebalance(record, specs_[words[1]], wish); });
  }

  // lead: another Nimbus takes over, which has heard nothing yet
  void lead(const Words&) {
    coordinator_ = std::make_unique<Coordinator>(Coordinator::Options());
    coordinator_->hold(now_ns_);
    read();
  }

  // decide: decides and writes, until nothing is left to be written
  void decide(const Words&) {
    for (int round = 0; round < 10; ++round) {
      const std::vector<Action> actions = coordinator_->decide(now_ns_);
      if (actions.empty()) {
        if (round == 0) lines_.emplace_back("nothing");
        return;
      }
      for (const Action& action : actions) write(action);
      read();
    }
    lines_.emplace_back("it never comes to rest");
  }

  void beat(const std::string& id, std::uint32_t taken_port) {
    SupervisorBeat beat;
    for (const auto& info : view_.supervisors) {
      if (info.id == id) beat.info = info;
    }
    for (const auto& [topology, assignment] : view_.assignments) {
      for (const coord::WorkerAssignment& worker : assignment.value.workers) {
        if (worker.supervisor != id) continue;
        beat.workers.push_back({.topology = topology,
                                .worker = worker.number,
                                .instance = worker.instance_base,
                                .port = worker.port,
                                .state = worker.port == taken_port ? "unusable" : "running"});
      }
    }
    coordinator_->hear(beat, now_ns_);
  }

  template <class Edit>
  void change(const std::string& id, Edit edit) {
    coord::TopologyRecord& record = view_.topologies.at(id).value;
    const absl::Status allowed = edit(record);
    lines_.push_back(allowed.ok() ? absl::StrCat(id, " is ", name_of(record.state))
                                  : absl::StrCat("refused: ", allowed.message()));
    read();
  }

  void write(const Action& action) {
    if (const auto* put = std::get_if<PutAssignment>(&action)) {
      say(put->assignment);
      auto& entry = view_.assignments[put->assignment.topology];
      entry = {put->assignment, entry.version + 1};
    } else if (const auto* record = std::get_if<PutRecord>(&action)) {
      lines_.push_back(absl::StrCat(record->record.id, " is ", name_of(record->record.state)));
      view_.topologies[record->record.id] = {record->record, record->version + 1};
    } else {
      const std::string& id = std::get<RemoveTopology>(action).id;
      lines_.push_back(absl::StrCat(id, " is removed"));
      view_.topologies.erase(id);
      view_.assignments.erase(id);
    }
  }

  void say(const coord::Assignment& assignment) {
    lines_.push_back(absl::StrCat(assignment.topology, " epoch ", assignment.epoch, ", spouts ",
                                  assignment.spouts_active ? "active" : "stopped",
                                  assignment.workers.empty() ? ", no place" : ""));
    for (const coord::WorkerAssignment& worker : assignment.workers) {
      std::vector<std::string> executors;
      for (const auto& executor : worker.executors) {
        executors.push_back(absl::StrCat(executor.component, "[", executor.first_task, "-",
                                         executor.last_task, "]"));
      }
      lines_.push_back(absl::StrCat("  worker ", worker.number, " from instance ",
                                    worker.instance_base, " at ", worker.supervisor, ":",
                                    worker.port, " ", absl::StrJoin(executors, " ")));
    }
  }

  void read() {
    coordinator_->read(view_, now_ns_);
    for (const auto& [id, spec] : specs_) {
      if (view_.topologies.contains(id)) coordinator_->know_spec(id, spec);
    }
  }

  std::map<std::string, std::function<void(const Words&)>> commands_{
      {"time", [this](const Words& w) { time(w); }},
      {"supervisor", [this](const Words& w) { supervisor(w); }},
      {"unregistered", [this](const Words& w) { unregistered(w); }},
      {"hear", [this](const Words& w) { hear(w); }},
      {"taken", [this](const Words& w) { taken(w); }},
      {"work", [this](const Words& w) { work(w); }},
      {"submit", [this](const Words& w) { submit(w); }},
      {"kill", [this](const Words& w) { kill(w); }},
      {"activate", [this](const Words& w) { activate(w); }},
      {"deactivate", [this](const Words& w) { deactivate(w); }},
      {"rebalance", [this](const Words& w) { rebalance(w); }},
      {"lead", [this](const Words& w) { lead(w); }},
      {"decide", [this](const Words& w) { decide(w); }},
  };
  std::int64_t now_ns_ = 100'000'000'000;
  ClusterView view_;
  std::map<std::string, coord::TopologySpec> specs_;
  std::unique_ptr<Coordinator> coordinator_ = std::make_unique<Coordinator>(Coordinator::Options());
  std::vector<std::string> lines_;
};

class CoordinatorTranscript : public testing::TestWithParam<std::string> {};

TEST_P(CoordinatorTranscript, IsAsWritten) {
  Play cluster;
  simulation::play(GetParam(), [&](const Words& words) { return cluster.command(words); });
}

INSTANTIATE_TEST_SUITE_P(Of, CoordinatorTranscript,
                         testing::ValuesIn(simulation::transcripts_of("coordinator")),
                         [](const auto& file) { return simulation::test_name(file.param); });

}  // namespace
}  // namespace rafale::nimbus
