// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A bolt that finds what it knew after its process was killed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rafale/bolt.h"
#include "rafale/collector.h"
#include "rafale/context.h"

namespace rafale::connectors {

namespace state {
class StateStore;
class StateTable;
struct TaskState;
}  // namespace state

/// The base of bolts whose members are KeyedState. With `topology.state.dir` the state of a task is
/// a database in DIR/TOPOLOGY/COMPONENT-INDEX. Changes are in memory first; every
/// `topology.state.checkpoint.interval.ms` a snapshot writes all of them in one piece, durably.
///
/// Acks. A tuple is acked when process() returned and a snapshot holds what it changed, and also
/// what it read that earlier tuples had changed; one that neither changed nor read such a thing is
/// acked at once. So after a crash the state is that of the last snapshot, and everything that is
/// not in it comes again from the source. What is in it may come again too, if its tree was not
/// complete: whether that counts twice is up to the bolt. A tuple for which process() throws fails
/// at once; what was changed before stays, so change state last.
///
/// A snapshot that cannot be written fails the tuples in it with the reason, and the state goes
/// back to the snapshot before, so that they can be applied again. (If the disk took it and then
/// said that it did not, the state is that of the failed snapshot, as after a crash.)
///
/// A snapshot is made early when 16384 tuples wait for it or the changes take 64 MB. Without a
/// directory state is in memory, and tuples are acked at once.
///
/// One task owns its directory: prepare() throws std::runtime_error, naming directory and
/// component, if another process has it, or if it was written with another number of tasks or with
/// states of other names, types or kind (expiring or not). A state may be added. The counters
/// `state_tasks_restored` and `state_tasks_empty` tell how tasks began.
///
/// Declare the component with ticks, which drive snapshots, expiry and timers (prepare() throws
/// std::invalid_argument where these are wanted and ticks are not), and as blocking, as a snapshot
/// waits for the disk:
///
///   builder.bolt("visits", [] { return std::make_unique<Visits>(); })
///       .fields("parse", {"page"}).tick(std::chrono::seconds(1)).blocking();
class StatefulBolt : public Bolt {
 public:
  StatefulBolt();
  ~StatefulBolt() override;
  StatefulBolt(const StatefulBolt&) = delete;
  StatefulBolt& operator=(const StatefulBolt&) = delete;

  void prepare(TaskContext& context, BoltCollector& out) final;
  void execute(const Tuple& in, BoltCollector& out) final;
  /// Makes the last snapshot; what can then not be written is left to the sources to send again.
  void cleanup() final;

 protected:
  /// Before anything else; the state is there. Resolve fields here.
  virtual void start(TaskContext& context, BoltCollector& out);
  /// One tuple, never a tick. What is emitted is anchored to it.
  virtual void process(const Tuple& in, BasicCollector& out) = 0;
  /// The state went back to the last snapshot: forget what was derived from it.
  virtual void went_back();
  /// Last call but for the snapshot.
  virtual void stop();
  /// Whether there is a directory. From start() on.
  bool on_disk() const;

 private:
  template <class K, class V>
  friend class KeyedState;

  /// Before prepare(); `table` lives as long as the bolt.
  void add(state::StateTable& table);
  void open(TaskContext& context);
  void on_tick(BoltCollector& out);
  bool is_due() const;
  void snapshot(BoltCollector& out);

  std::vector<state::StateTable*> tables_;
  std::unique_ptr<state::TaskState> task_;
  std::unique_ptr<state::StateStore> store_;
  TaskContext* context_ = nullptr;
  BoltCollector* out_ = nullptr;
  std::int64_t interval_ms_ = 1000;
  std::int64_t tick_ms_ = 1000;
  std::int64_t last_ms_ = 0;     // when the last snapshot was made
  std::vector<Anchor> waiting_;  // tuples whose state is not on the disk
};

}  // namespace rafale::connectors
