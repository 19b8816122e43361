// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Slots, logs, artifacts and counters on the disk.

#include <gtest/gtest.h>

#include "common/counter_file.h"
#include "common/sha256.h"
#include "supervisor/artifact_cache.h"
#include "supervisor/log_files.h"
#include "supervisor/slot_codec.h"
#include "tests/support/scratch.h"

namespace rafale::supervisor {
namespace {

TEST(SlotFile, RemembersAllThatARestartNeeds) {
  const support::Scratch dir;
  Slot slot;
  slot.port = 6701;
  slot.pid = 42;
  slot.start_time = 123456789012;
  slot.wanted = {"t-1", "t", 3, 2048, {{"a", 1, 2}, {"b", 7, 7}}, "p", "s"};
  slot.instance = 2050;
  slot.token = "secret";
  slot.restarts = 2;
  slot.last_exit = "signal 9 (Killed)";
  ASSERT_TRUE(remember(dir.path(), slot).ok());
  const auto found = recall(dir.path());
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->wanted, slot.wanted);
  EXPECT_EQ(found->pid, 42u);
  EXPECT_EQ(found->start_time, slot.start_time);
  EXPECT_EQ(found->instance, 2050u);
  EXPECT_EQ(found->token, "secret");
  EXPECT_FALSE(recall(dir / "elsewhere").has_value());
}

TEST(ArtifactCache, FetchesOnceChecksAlwaysAndHealsWhatWasDamaged) {
  const support::Scratch dir;
  int fetched = 0;
  ArtifactCache cache(dir / "cache", [&](const std::string&) -> absl::StatusOr<std::string> {
    ++fetched;
    return std::string("bytes");
  });
  const std::string name = common::sha256("bytes");
  const auto path = cache.get(name);
  ASSERT_TRUE(path.ok()) << path.status();
  EXPECT_TRUE(cache.get(name).ok());
  EXPECT_EQ(fetched, 1);
  support::write_file(*path, "bytEs");
  EXPECT_TRUE(cache.get(name).ok());
  EXPECT_EQ(fetched, 2);
  EXPECT_EQ(support::read_file(*path), "bytes");
  EXPECT_TRUE(absl::IsDataLoss(cache.get(common::sha256("other")).status()));
}

TEST(Logs, GiveTheirLastLinesAndLastWords) {
  const support::Scratch dir;
  const std::string log = dir / "log";
  support::write_file(log, "one [a] x\ntwo [b] y\nthree [a] z\n");
  std::vector<std::string> lines;
  read_log(
      log, 2, false, "", [] { return false; },
      [&](const std::string& line) {
        lines.push_back(line);
        return true;
      });
  EXPECT_EQ(lines, (std::vector<std::string>{"two [b] y", "three [a] z"}));
  lines.clear();
  read_log(
      log, 9, false, "a", [] { return false; },
      [&](const std::string& line) {
        lines.push_back(line);
        return true;
      });
  EXPECT_EQ(lines, (std::vector<std::string>{"one [a] x", "three [a] z"}));
  EXPECT_EQ(last_words(log, 10, 1000), "two [b] y\nthree [a] z");
  EXPECT_EQ(last_words(log, 0, 15), "three [a] z");
}

TEST(Logs, GiveLastWordsAsUtf8) {
  const support::Scratch dir;
  const std::string log = dir / "worker.log";
  support::write_file(log, "caf\xc3\xa9 \xff\n");
  EXPECT_EQ(last_words(log, 0, 1000), "caf\xc3\xa9 \xef\xbf\xbd");
  EXPECT_EQ(last_words(log, 4, 1000), "\xef\xbf\xbd \xef\xbf\xbd") << "begins within a character";
}

TEST(Logs, StaySmall) {
  const support::Scratch dir;
  const std::string log = dir / "log";
  support::write_file(log, std::string(2000, 'x'));
  rotate_log(log, 1000);
  EXPECT_EQ(size_of(log), 0u);
  EXPECT_EQ(size_of(log + ".1"), 2000u);
  support::write_file(log, std::string(1500, 'y'));
  rotate_log(log, 1000);
  EXPECT_EQ(size_of(log + ".1"), 1500u);
  EXPECT_EQ(size_of(log + ".2"), 2000u);
}

TEST(Counters, OutliveTheirProcessAndAreAddedUpByComponent) {
  const support::Scratch dir;
  auto file = common::CounterFile::create(dir / "counters", {{"c|executed||1", 1, false},
                                                             {"c|failed.peer_lost||1", 1, true},
                                                             {"c|execute_ns||1", 4, true},
                                                             {"c|emitted|words|1", 1, true},
                                                             {"c|executed||2", 1, false}});
  ASSERT_TRUE(file.ok()) << file.status();
  (*file)->block(0)[0] = 5;
  (*file)->block(1)[0] = 2;
  (*file)->block(2)[3] = 9;
  (*file)->block(3)[0] = 11;
  (*file)->block(4)[0] = 6;
  const auto stats = read_counters(dir / "counters", {"t", 1, 7});
  ASSERT_TRUE(stats.ok()) << stats.status();
  ASSERT_EQ(stats->components_size(), 1);
  EXPECT_EQ(stats->instance(), 7u);
  EXPECT_EQ(stats->components(0).executed(), 11u);
  EXPECT_EQ(stats->components(0).failed().peer_lost(), 2u);
  EXPECT_EQ(stats->components(0).execute_ns().buckets(0), 3u);
  EXPECT_EQ(stats->components(0).execute_ns().values(0), 9u);
  EXPECT_EQ(stats->components(0).streams(0).emitted(), 11u);
}

TEST(Counters, RefuseAFileThatIsDamaged) {
  const support::Scratch dir;
  ASSERT_TRUE(common::CounterFile::create(dir / "c", {{"a|executed||1", 1, false}}).ok());
  const std::string bytes = support::read_file(dir / "c");
  for (const std::size_t at : {std::size_t{0}, std::size_t{12}, std::size_t{26}}) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    support::write_file(dir / "d", damaged);
    EXPECT_FALSE(common::read_counter_file(dir / "d").ok()) << at;
  }
  support::write_file(dir / "d", bytes.substr(0, 100));
  EXPECT_FALSE(common::read_counter_file(dir / "d").ok());
}

}  // namespace
}  // namespace rafale::supervisor
