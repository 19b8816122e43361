// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Random changes, snapshots and deaths: state is what a plain map says, and after a death what the
// map was at the last snapshot.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/random.h"
#include "connectors/state/keyed_state.h"
#include "rafale/testing.h"
#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using support::Scratch;

constexpr std::int64_t kTtlMs = 5000;
constexpr std::int64_t kTickMs = 1000;

using Lasting = std::map<std::string, std::int64_t>;
using Fired = std::vector<std::pair<std::string, std::int64_t>>;

/// Two states that are changed by name of the operation.
class Subject final : public StatefulBolt {
 public:
  Subject() {
    lasting_.on_timer([this](const std::string& key, BoltCollector&) {
      fired.emplace_back(key, context_->wall_ms());
      lasting_.put("fired " + key, context_->wall_ms());
      if (key == "b") lasting_.set_timer(key, context_->wall_ms() + 3000);
    });
  }
  void start(TaskContext& context, BoltCollector&) override { context_ = &context; }
  void process(const Tuple& in, BasicCollector&) override {
    const auto what = in.get<std::string>("what");
    const auto key = in.get<std::string>("key");
    const auto value = in.get<std::int64_t>("value");
    if (what == "put") lasting_.put(key, value);
    if (what == "erase") lasting_.erase(key);
    if (what == "put passing") passing_.put(key.size() + key[0], value);
    if (what == "erase passing") passing_.erase(key.size() + key[0]);
    if (what == "set timer") lasting_.set_timer(key, value);
    if (what == "cancel timer") lasting_.cancel_timer(key);
  }

  Lasting lasting() const {
    Lasting all;
    lasting_.for_each([&](const std::string& key, std::int64_t value) {
      EXPECT_TRUE(all.emplace(key, value).second);
      EXPECT_EQ(lasting_.get(key), value);
    });
    return all;
  }
  std::map<std::uint64_t, std::int64_t> passing() const {
    std::map<std::uint64_t, std::int64_t> all;
    passing_.for_each([&](std::uint64_t key, std::int64_t value) {
      EXPECT_TRUE(all.empty() || all.rbegin()->first < key) << "in the order of the numbers";
      all.emplace(key, value);
      EXPECT_EQ(passing_.get(key), value);
    });
    return all;
  }
  std::optional<std::int64_t> timer(const std::string& key) const { return lasting_.timer(key); }

  Fired fired;

 private:
  KeyedState<std::string, std::int64_t> lasting_{*this, "lasting"};
  KeyedState<std::uint64_t, std::int64_t> passing_{
      *this, "passing", {.ttl = std::chrono::milliseconds(kTtlMs)}};
  TaskContext* context_ = nullptr;
};

/// What should be there.
struct Model {
  Lasting lasting;
  std::map<std::uint64_t, std::pair<std::int64_t, std::int64_t>> passing;  // value, expires at
  std::map<std::string, std::int64_t> timers;

  void apply(const std::string& what, const std::string& key, std::int64_t value,
             std::int64_t now) {
    const std::uint64_t number = key.size() + static_cast<std::uint64_t>(key[0]);
    if (what == "put") lasting[key] = value;
    if (what == "erase") lasting.erase(key);
    if (what == "put passing") passing[number] = {value, now + kTtlMs};
    if (what == "erase passing") passing.erase(number);
    if (what == "set timer") timers[key] = value;
    if (what == "cancel timer") timers.erase(key);
  }
  Fired fire(std::int64_t now) {
    std::vector<std::pair<std::int64_t, std::string>> due;
    for (const auto& [key, when] : timers) {
      if (when <= now) due.emplace_back(when, key);
    }
    std::ranges::sort(due);
    Fired fired;
    for (const auto& [when, key] : due) {
      timers.erase(key);
      fired.emplace_back(key, now);
      lasting["fired " + key] = now;
      if (key == "b") timers[key] = now + 3000;
    }
    return fired;
  }
  std::map<std::uint64_t, std::int64_t> visible(std::int64_t now) const {
    std::map<std::uint64_t, std::int64_t> all;
    for (const auto& [key, value] : passing) {
      if (value.second > now) all.emplace(key, value.first);
    }
    return all;
  }
};

const std::vector<std::string> kWhat{"put",           "erase",     "put passing",
                                     "erase passing", "set timer", "cancel timer"};
const std::vector<std::string> kKeys{"a",       "b", "c", "aa", "ab", "abc", std::string("a\0b", 3),
                                     "\xff\xff"};

/// One task over its lives.
class StateModel : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void begin(const std::string& dir) {
    Config config;
    config.set("topology.tick.tuple.freq.ms", kTickMs);
    if (!dir.empty()) config.set("topology.state.dir", dir);
    const std::int64_t now = harness_ ? harness_->clock_ms : 0;
    harness_ = std::make_unique<testing::Harness>(
        std::vector<StreamDef>{},
        std::vector<detail::StreamInfo>{{"in",
                                         "default",
                                         {{"what", FieldType::string},
                                          {"key", FieldType::string},
                                          {"value", FieldType::int64}}}},
        config);
    harness_->clock_ms = now;
    subject_ = std::make_unique<Subject>();
    subject_->prepare(*harness_, harness_->bolt_collector());
  }
  void change() {
    const std::string& what = kWhat[random_.below(kWhat.size())];
    const std::string& key = kKeys[random_.below(kKeys.size())];
    std::int64_t value = static_cast<std::int64_t>(random_()) >> 1;
    if (what == "set timer") {
      value = harness_->clock_ms + static_cast<std::int64_t>(random_.below(8000)) - 1000;
    }
    harness_->execute(*subject_, "in", what, key, value);
    model_.apply(what, key, value, harness_->clock_ms);
  }
  void tick() {
    harness_->clock_ms += kTickMs;
    subject_->fired.clear();
    harness_->tick(*subject_);
    EXPECT_EQ(subject_->fired, model_.fire(harness_->clock_ms));
  }
  void expect_same() {
    EXPECT_EQ(subject_->lasting(), model_.lasting);
    EXPECT_EQ(subject_->passing(), model_.visible(harness_->clock_ms));
    for (const std::string& key : kKeys) {
      const auto timer = model_.timers.find(key);
      EXPECT_EQ(subject_->timer(key),
                timer == model_.timers.end() ? std::nullopt : std::optional(timer->second));
    }
  }

  common::Random random_{GetParam()};
  std::unique_ptr<testing::Harness> harness_;
  std::unique_ptr<Subject> subject_;
  Model model_;
};

TEST_P(StateModel, IsThatOfTheLastSnapshotAfterEachDeath) {
  const Scratch dir;
  begin(dir.path());
  Model at_snapshot;
  for (int life = 0; life < 8; ++life) {
    for (int step = 0; step < 150; ++step) {
      if (random_.below(12) > 0) {
        change();
        harness_->clock_ms += static_cast<std::int64_t>(random_.below(40));
      } else {
        tick();
        at_snapshot = model_;
      }
      if (random_.below(10) == 0) expect_same();
    }
    EXPECT_TRUE(harness_->errors.empty());
    if (random_.below(4) == 0) {
      subject_->cleanup();
      at_snapshot = model_;
    }
    model_ = at_snapshot;
    subject_.reset();
    harness_->clock_ms += static_cast<std::int64_t>(random_.below(3000));
    begin(dir.path());
    expect_same();
  }
}

TEST_P(StateModel, IsTheSameWithoutADirectoryUntilItsTaskDies) {
  begin("");
  for (int step = 0; step < 500; ++step) {
    if (random_.below(12) > 0) {
      change();
    } else {
      tick();
    }
    expect_same();
  }
  EXPECT_EQ(harness_->misused, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StateModel, ::testing::Range(std::uint64_t{1}, std::uint64_t{9}));

}  // namespace
}  // namespace rafale::connectors
