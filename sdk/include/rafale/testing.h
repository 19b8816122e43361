// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Unit tests of user code without a runtime: build tuples, run one spout or bolt, look at what it
// did.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rafale/bolt.h"
#include "rafale/collector.h"
#include "rafale/context.h"
#include "rafale/spout.h"
#include "rafale/topology.h"

namespace rafale::testing {

/// One tuple that the code under test emitted.
struct Emitted {
  std::string stream;
  List values;
  std::size_t anchors = 0;   ///< how many tuples it hangs on
  bool has_message = false;  ///< emitted by a spout with a message id
  std::uint64_t message = 0;
  TaskId direct_to = 0;
};

/// Stands in for the runtime around one task: a context with a clock of its own, a collector that
/// remembers. Values are checked against schemas as in the runtime. Used on
/// one thread, except for wake(), post() and the context's dead_letter().
///
///   Harness harness({{"default", {{"word", FieldType::string}}}},
///                   {{"lines", "default", {{"line", FieldType::string}}}});
///   Split split;
///   split.prepare(harness);
///   harness.execute(split, "lines", "two words");
///   EXPECT_EQ(harness.emitted.size(), 2u);
///
/// A spout is called directly: spout.open(harness), spout.next_tuple(harness.collector()), and
/// spout.ack() or fail() with the message of what it emitted.
class RAFALE_API Harness : public SpoutContext, private detail::Emitter {
 public:
  /// `streams` are what the component declares, in order; `inputs` what it subscribes to.
  explicit Harness(std::vector<StreamDef> streams, std::vector<detail::StreamInfo> inputs = {},
                   Config config = {});
  /// The surroundings of a component of a topology. Throws std::invalid_argument if it has none of
  /// that name.
  Harness(const Topology& topology, std::string_view component);
  ~Harness() override;
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  struct Letter {
    std::string record, reason, source;
    std::int64_t position = -1;
    std::uint32_t attempts = 1;
  };

  // What the code under test did, in order; a test may clear it.
  std::vector<Emitted> emitted;
  std::vector<std::string> failed;   ///< the texts of failed tuples
  std::vector<std::string> errors;   ///< report_error(), and exceptions that fail no tuple
  std::vector<Letter> dead_letters;  ///< of the collector and of the context
  std::size_t acked = 0;             ///< tuples and anchors
  std::size_t misused = 0;           ///< second acks and fails, emits on a closed anchor
  std::size_t timeout_resets = 0;
  std::atomic<std::size_t> wakes{0};
  std::size_t replays = 0;   ///< note_replay()
  std::size_t given_up = 0;  ///< note_dead_letter()
  std::int64_t lag = -1;     ///< report_lag()
  std::map<std::string, std::int64_t> counters;

  // What the context answers; a test may set it.
  std::int64_t clock_ms = 0;  ///< now_ms() and wall_ms(); moves only when the test moves it
  std::uint32_t index = 0;    ///< task_index()
  std::uint32_t count = 1;    ///< task_count()
  TopologyStats topology_stats;
  std::map<std::string, std::vector<TaskId>, std::less<>> component_tasks;  ///< tasks()
  bool dead_letters_fail = false;  ///< dead_letter() throws, as when the disk is full

  /// Runs execute() of a Bolt or BasicBolt on one tuple of the default stream of `component`, made
  /// of `values`, and a Bolt's flush() after it. Exceptions of the bolt fail the tuple, as in the
  /// runtime. Throws std::invalid_argument if there is no such input or the values do not fit it.
  template <class B, class... V>
  void execute(B& bolt, std::string_view component, const V&... values) {
    execute_on(bolt, component, "default", values...);
  }
  /// The same on another stream.
  template <class B, class... V>
  void execute_on(B& bolt, std::string_view component, std::string_view stream,
                  const V&... values) {
    std::string row(row::encoded_size(values...), '\0');
    row::encode(row.data(), row.size(), values...);
    run(bolt, row, checked_input(row, component, stream), task());
  }
  /// Runs execute() on a tick tuple.
  void tick(Bolt& bolt, std::int64_t interval_ms = 1000);
  void tick(BasicBolt& bolt, std::int64_t interval_ms = 1000);
  /// Runs what was handed to post(), and what that posts.
  void run_posted();
  /// The collector to hand to prepare().
  BoltCollector& bolt_collector() { return bolt_collector_; }

  // SpoutContext
  const std::string& topology() const override { return topology_; }
  const std::string& component() const override { return component_; }
  TaskId task() const override { return 1; }
  std::uint32_t task_index() const override { return index; }
  std::uint32_t task_count() const override { return count; }
  const Config& config() const override { return config_; }
  const Schema& input(std::string_view component, std::string_view stream) const override;
  StreamId output(std::string_view stream) const override;
  std::vector<TaskId> tasks(std::string_view component) const override;
  Counter& counter(std::string_view name) override;
  TopologyStats stats() const override { return topology_stats; }
  void dead_letter(const DeadLetter& letter) override;
  void post(std::function<void()> work) override;
  std::int64_t wall_ms() const override { return clock_ms; }
  void wake() override { ++wakes; }
  SpoutCollector& collector() override { return spout_collector_; }
  void note_replay() override { ++replays; }
  void note_dead_letter() override { ++given_up; }
  void report_lag(std::int64_t records) override { lag = records; }
  std::int64_t now_ms() const override { return clock_ms; }

 private:
  class CounterImpl;

  void declare(const std::vector<StreamDef>& streams);
  const detail::StreamInfo& checked_input(std::string& row, std::string_view component,
                                          std::string_view stream) const;
  void run(Bolt& bolt, const std::string& row, const detail::StreamInfo& stream, TaskId source);
  void run(BasicBolt& bolt, const std::string& row, const detail::StreamInfo& stream,
           TaskId source);
  template <class Work>
  void attempt(const Tuple& tuple, Work work);
  void record(detail::OutPort& port, Emitted what);
  bool close(const Tuple& tuple);
  bool close(Anchor& anchor);
  bool is_open(const AnchorRef& anchor) const;

  void room(detail::OutPort& port, std::size_t bytes) override;
  void commit_message(detail::OutPort& port, std::size_t bytes, MessageId id) override;
  void commit_anchored(detail::OutPort& port, std::size_t bytes, const Tuple& anchor) override;
  void commit(detail::OutPort& port, std::size_t bytes, const detail::Origin& origin) override;
  void ack(const Tuple& tuple) override;
  void fail(const Tuple& tuple, std::string_view text) override;
  void reset_timeout(const Tuple&) override { ++timeout_resets; }
  void ack(Anchor& anchor) override;
  void fail(Anchor& anchor, std::string_view text) override;
  void reset_timeout(const Anchor&) override { ++timeout_resets; }
  Anchor detach(const Tuple& tuple) override;
  HeldTuple hold(const Tuple& tuple) override;
  void dead_letter(const AnchorRef* anchor, const DeadLetter& letter) override;
  void report_error(std::string_view text) override { errors.emplace_back(text); }

  std::string topology_ = "test";
  std::string component_ = "under_test";
  Config config_;
  std::vector<detail::StreamInfo> inputs_;
  std::deque<detail::StreamInfo> out_infos_;
  std::vector<detail::OutPort> out_ports_;
  std::vector<std::vector<char>> buffers_;  // of the ports
  std::map<std::string, std::unique_ptr<Counter>, std::less<>> counter_objects_;
  std::mutex mutex_;  // guards posted_ and dead_letters
  std::deque<std::function<void()>> posted_;
  std::vector<bool> open_;  // tuples that were executed, by Tuple::slot()
  SpoutCollector spout_collector_;
  BoltCollector bolt_collector_;
};

}  // namespace rafale::testing
