// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Whose acks wait for a snapshot, what a failed one does, and who may open which directory.
#include "connectors/state/stateful_bolt.h"

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/state/keyed_state.h"
#include "connectors/state/state_store.h"
#include "rafale/testing.h"
#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using support::Scratch;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

/// Adds `by` to the count of a key; 0 only looks, and "all" looks at everything.
template <class V = std::int64_t>
class Adder final : public StatefulBolt {
 public:
  explicit Adder(KeyedStateOptions options = {}) : counts(*this, "counts", options) {}
  void process(const Tuple& in, BasicCollector& out) override {
    const auto key = in.get<std::string>("key");
    const auto by = in.get<std::int64_t>("by");
    if (key == "all") {
      counts.for_each([&](const std::string& one, V value) { out.emit(one, std::int64_t(value)); });
      return;
    }
    const V sum = static_cast<V>(counts.get(key).value_or(0) + by);
    if (by != 0) counts.put(key, sum);
    out.emit(key, std::int64_t(sum));
    if (by == 13) throw std::runtime_error("thirteen");
  }
  void went_back() override { ++back; }

  KeyedState<std::string, V> counts;
  int back = 0;
};

Config settings(const std::string& dir) {
  Config config;
  config.set("topology.tick.tuple.freq.ms", 1000);
  if (!dir.empty()) config.set("topology.state.dir", dir);
  return config;
}

/// While it lives no file of this process grows, as on a full disk.
class FullDisk {
 public:
  FullDisk() : signal_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*signal_)(int);
  rlimit before_{};
};

struct Task {
  explicit Task(const std::string& dir) : Task(settings(dir)) {}
  explicit Task(const Config& config)
      : harness({{"default", {{"key", FieldType::string}, {"sum", FieldType::int64}}}},
                {{"in", "default", {{"key", FieldType::string}, {"by", FieldType::int64}}}},
                config) {}
  template <class Bolt>
  void prepare(Bolt& bolt) {
    bolt.prepare(harness, harness.bolt_collector());
  }
  template <class Bolt>
  void add(Bolt& bolt, const char* key, std::int64_t by) {
    harness.execute(bolt, "in", key, by);
  }
  void tick(Bolt& bolt) {
    harness.clock_ms += 1000;
    harness.tick(bolt);
  }
  testing::Harness harness;
};

template <class Bolt>
std::string refusal(Task& task, Bolt& bolt) {
  try {
    task.prepare(bolt);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "none";
}

class StatefulBoltOnDisk : public ::testing::Test {
 protected:
  StatefulBoltOnDisk() { task.prepare(adder); }

  const Scratch dir;
  Task task{dir.path()};
  Adder<> adder;
};

TEST_F(StatefulBoltOnDisk, AcksWhenASnapshotHasTheChange) {
  task.add(adder, "a", 1);
  task.add(adder, "a", 2);
  EXPECT_EQ(task.harness.acked, 0u);
  EXPECT_THAT(task.harness.emitted, SizeIs(2)) << "what is emitted does not wait";
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 2u);
  EXPECT_TRUE(std::filesystem::is_directory(dir / "test/under_test-0"));
}

TEST_F(StatefulBoltOnDisk, AcksAtOnceWhatOnlyReadWhatIsOnTheDisk) {
  task.add(adder, "a", 0);
  task.add(adder, "all", 0);
  EXPECT_EQ(task.harness.acked, 2u);
  task.add(adder, "a", 5);
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 3u);
  task.add(adder, "a", 0);
  task.add(adder, "all", 0);
  EXPECT_EQ(task.harness.acked, 5u);
}

TEST_F(StatefulBoltOnDisk, WithholdsAcksOfWhatReadAChangeThatIsNotOnTheDisk) {
  task.add(adder, "a", 5);
  task.add(adder, "a", 0);  // as a repeated record that finds itself applied
  task.add(adder, "all", 0);
  EXPECT_EQ(task.harness.acked, 0u);
  task.add(adder, "b", 0);
  EXPECT_EQ(task.harness.acked, 1u) << "of another key";
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 4u);
}

TEST_F(StatefulBoltOnDisk, WithholdsAcksOfWhatSawAnEraseThatIsNotOnTheDisk) {
  task.add(adder, "a", 5);
  task.tick(adder);
  adder.counts.erase("a");
  task.add(adder, "a", 0);
  EXPECT_EQ(task.harness.acked, 1u);
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 2u);
}

TEST(StatefulBolt, AcksAtOnceWithoutADirectory) {
  Task task("");
  Adder<> adder;
  task.prepare(adder);
  task.add(adder, "a", 1);
  task.add(adder, "a", 1);
  EXPECT_EQ(task.harness.acked, 2u);
  EXPECT_EQ(adder.counts.get("a"), 2);
  EXPECT_THAT(task.harness.counters, IsEmpty());
}

TEST(StatefulBolt, MakesSnapshotsAtTheIntervalNotAtEveryTick) {
  const Scratch dir;
  Config config = settings(dir.path());
  config.set("topology.state.checkpoint.interval.ms", 3000);
  Task task(config);
  Adder<> adder;
  task.prepare(adder);
  task.add(adder, "a", 1);
  task.tick(adder);
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 0u);
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 1u);
}

TEST_F(StatefulBoltOnDisk, MakesASnapshotEarlyWhenManyTuplesWait) {
  for (int i = 0; i < 16384; ++i) task.add(adder, "a", 1);
  EXPECT_EQ(task.harness.acked, 16384u);
}

TEST(StatefulBolt, FindsItsStateAndSaysSo) {
  const Scratch dir;
  {
    Task task(dir.path());
    Adder<> adder;
    task.prepare(adder);
    EXPECT_EQ(task.harness.counters["state_tasks_empty"], 1);
    task.add(adder, "a", 3);
    adder.cleanup();
    EXPECT_EQ(task.harness.acked, 1u);
  }
  Task task(dir.path());
  Adder<> adder;
  task.prepare(adder);
  EXPECT_EQ(task.harness.counters["state_tasks_restored"], 1);
  EXPECT_EQ(adder.counts.get("a"), 3);
}

TEST_F(StatefulBoltOnDisk, FailsAtOnceWhatThrows) {
  task.add(adder, "a", 13);
  EXPECT_THAT(task.harness.failed, ElementsAre("thirteen"));
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 0u);
}

TEST_F(StatefulBoltOnDisk, FailsWhatASnapshotCouldNotWriteAndGoesBack) {
  task.add(adder, "a", 1);
  task.tick(adder);
  task.add(adder, "a", 10);
  task.add(adder, "b", 10);
  {
    const FullDisk full;
    task.tick(adder);
  }
  EXPECT_EQ(task.harness.acked, 1u);
  EXPECT_THAT(task.harness.failed, SizeIs(2));
  EXPECT_THAT(task.harness.failed[0], HasSubstr("state cannot be written to '" + dir.path()));
  EXPECT_THAT(task.harness.errors, SizeIs(1));
  EXPECT_EQ(adder.back, 1);
  EXPECT_EQ(adder.counts.get("a"), 1);
  EXPECT_EQ(adder.counts.get("b"), std::nullopt);
  task.add(adder, "a", 10);  // comes again
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 2u);
  EXPECT_EQ(adder.counts.get("a"), 11);
}

TEST(StatefulBolt, FailsAllWhileTheDiskIsFullAndGoesOnBehindIt) {
  const Scratch dir;
  Task task(dir.path());
  Adder<> adder({.ttl = std::chrono::hours(1)});
  task.prepare(adder);
  task.add(adder, "a", 1);
  task.tick(adder);
  {
    const FullDisk full;
    for (int i = 0; i < 3; ++i) {
      task.add(adder, "a", 1);
      task.tick(adder);
    }
  }
  EXPECT_THAT(task.harness.failed, SizeIs(3));
  task.add(adder, "a", 1);
  task.tick(adder);
  EXPECT_EQ(task.harness.acked, 2u);
  EXPECT_EQ(adder.counts.get("a"), 2);
}

TEST(StatefulBolt, FiresATimerAgainWhoseCallbackThrew) {
  Task task("");
  Adder<> adder;
  int calls = 0;
  adder.counts.on_timer([&](const std::string&, BoltCollector& out) {
    if (++calls == 1) throw std::runtime_error("not now");
    out.emit(kUnanchored, "timer", std::int64_t{calls});
  });
  task.prepare(adder);
  adder.counts.set_timer("a", 500);
  task.tick(adder);
  EXPECT_THAT(task.harness.errors, ElementsAre("not now"));
  task.tick(adder);
  task.tick(adder);
  EXPECT_EQ(calls, 2);
  EXPECT_THAT(task.harness.emitted, SizeIs(1));
}

TEST(StatefulBolt, RemovesWhatIsExpiredFromTheDisk) {
  const Scratch dir;
  const auto entries = [&] {
    state::StateStore store(dir / "test/under_test-0",
                            {.component = "under_test",
                             .index = 0,
                             .tasks = 1,
                             .tables = {{"counts", "text to i64, expiring"}}});
    int count = 0;
    store.for_each("", [&](std::string_view, std::string_view) { return ++count > 0; });
    return count;
  };
  Task task(dir.path());
  auto adder = std::make_unique<Adder<>>(KeyedStateOptions{.ttl = std::chrono::seconds(10)});
  task.prepare(*adder);
  for (int i = 0; i < 100; ++i) task.add(*adder, std::to_string(i).c_str(), 1);
  task.tick(*adder);
  adder.reset();
  EXPECT_EQ(entries(), 201) << "value and time of each, and the label";
  adder = std::make_unique<Adder<>>(KeyedStateOptions{.ttl = std::chrono::seconds(10)});
  task.prepare(*adder);
  task.harness.clock_ms += 10'000;
  EXPECT_EQ(adder->counts.get("7"), std::nullopt);
  task.tick(*adder);
  adder.reset();
  EXPECT_EQ(entries(), 1);
}

TEST_F(StatefulBoltOnDisk, SaysWhoHoldsWhatItWants) {
  Task other(dir.path());
  Adder<> second;
  EXPECT_THAT(refusal(other, second),
              AllOf(HasSubstr("task 0 of component 'under_test'"),
                    HasSubstr(dir / "test/under_test-0"), HasSubstr("held by another process")));
  other.harness.index = 1;
  EXPECT_EQ(refusal(other, second), "none") << "another task has a directory of its own";
}

TEST(StatefulBolt, RefusesStateOfAnotherNumberOfTasksAndOfOtherTypes) {
  const Scratch dir;
  {
    Task task(dir.path());
    Adder<> adder;
    task.prepare(adder);
  }
  const auto named = AllOf(HasSubstr("component 'under_test'"), HasSubstr(dir.path()));
  {
    Task task(dir.path());
    task.harness.count = 4;
    Adder<> adder;
    EXPECT_THAT(refusal(task, adder), AllOf(named, HasSubstr("with tasks 1, which now has 4")));
  }
  {
    Task task(dir.path());
    Adder<std::int32_t> adder;
    EXPECT_THAT(refusal(task, adder), AllOf(named, HasSubstr("'counts' text to i64")));
  }
  {
    Task task(dir.path());
    Adder<> adder({.ttl = std::chrono::seconds(1)});
    EXPECT_THAT(refusal(task, adder), AllOf(named, HasSubstr("not text to i64, expiring")));
  }
  class Nothing final : public StatefulBolt {
    void process(const Tuple&, BasicCollector&) override {}
  } nothing;
  Task task(dir.path());
  EXPECT_THAT(refusal(task, nothing), AllOf(named, HasSubstr("no longer has")));
}

TEST(StatefulBolt, TakesAStateThatIsAdded) {
  const Scratch dir;
  {
    Task task(dir.path());
    Adder<> adder;
    task.prepare(adder);
    task.add(adder, "a", 7);
    task.tick(adder);
  }
  class More final : public StatefulBolt {
   public:
    void process(const Tuple&, BasicCollector&) override {}
    KeyedState<std::string, std::int64_t> counts{*this, "counts"};
    KeyedState<std::int64_t, std::string> names{*this, "names"};
  } more;
  Task task(dir.path());
  task.prepare(more);
  EXPECT_EQ(more.counts.get("a"), 7);
  EXPECT_EQ(more.names.get(1), std::nullopt);
}

TEST(StatefulBolt, WantsTicksAndNamesThatCanBeNames) {
  const Scratch dir;
  Config config;
  config.set("topology.state.dir", dir.path());
  Task task{config};
  Adder<> adder;
  EXPECT_THAT(refusal(task, adder), HasSubstr("declare it with tick()"));
  Task in_memory{Config()};
  Adder<> expiring({.ttl = std::chrono::seconds(1)});
  EXPECT_THAT(refusal(in_memory, expiring), HasSubstr("declare it with tick()"));
  Adder<> plain;
  EXPECT_EQ(refusal(in_memory, plain), "none");
  using State = KeyedState<std::string, std::int64_t>;
  EXPECT_THROW(State(adder, "counts"), std::invalid_argument) << "there is one";
  EXPECT_THROW(State(adder, ""), std::invalid_argument);
  EXPECT_THROW(State(adder, "a b"), std::invalid_argument);
  EXPECT_THROW(Adder<>().counts.get("a"), std::logic_error);
}

}  // namespace
}  // namespace rafale::connectors
