// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Roots into runs and back: what RunAppender writes, RunCursor reads.
#include "worker/ack/roots.h"

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/random.h"
#include "tests/support/seed.h"

namespace rafale::worker {
namespace {

using testing::ElementsAre;

constexpr SpoutRef kSpout{.task = 1, .incarnation = 5};
constexpr SpoutRef kOther{.task = 2, .incarnation = 5};

/// A batch that gets rows without bytes.
class Rows {
 public:
  Rows() : batch(pool_.take(0)) { runs.restart(); }
  ~Rows() { batch->release(); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  std::uint64_t add(std::uint64_t seq, const SpoutRef& spout = kSpout) {
    ++batch->rows;
    return runs.add(*batch, {spout, seq}, edges);
  }
  std::vector<std::uint64_t> add_many(const std::vector<Root>& roots) {
    std::vector<std::uint64_t> made;
    ++batch->rows;
    runs.add_many(*batch, roots, edges,
                  [&](const Root&, std::uint64_t edge) { made.push_back(edge); });
    return made;
  }
  void add_unanchored() { ++batch->rows; }
  void next_batch() {
    batch->release();
    batch = pool_.take(0);
    runs.restart();
  }
  /// The roots of all rows, as a receiver sees them.
  std::vector<std::vector<Root>> read() const {
    std::vector<std::vector<Root>> rows;
    RunCursor cursor;
    cursor.start(*batch);
    for (std::uint32_t row = 0; row < batch->rows; ++row) {
      cursor.move_to(row);
      const auto roots = cursor.roots().all().first(cursor.roots().count);
      rows.emplace_back(roots.begin(), roots.end());
    }
    return rows;
  }

 private:
  BatchPool pool_;

 public:
  Batch* batch;
  EdgeSource edges{3};
  RunAppender runs;
};

TEST(RunAppender, GivesConsecutiveRootsOneEdgeAndOneRun) {
  Rows rows;
  const std::uint64_t edge = rows.add(10);
  EXPECT_EQ(rows.add(11), edge);
  EXPECT_EQ(rows.add(12), edge);
  ASSERT_EQ(rows.batch->runs.size(), 1u);
  const worker::Run& run = rows.batch->runs[0];
  EXPECT_EQ(run.root0, 10u);
  EXPECT_EQ(run.n, 3u);
  EXPECT_EQ(run.deltas, 0u);
  EXPECT_FALSE(run.derived());
}

TEST(RunAppender, WritesDeltasFromTheFirstGapOn) {
  Rows rows;
  const std::uint64_t edge = rows.add(10);
  rows.add(11);
  EXPECT_EQ(rows.add(13), edge);
  EXPECT_EQ(rows.add(14), edge);
  ASSERT_EQ(rows.batch->runs.size(), 1u);
  EXPECT_EQ(rows.batch->runs[0].deltas, 1u);
  EXPECT_THAT(rows.batch->deltas, ElementsAre(0, 1, 2, 1));
  EXPECT_THAT(rows.read(),
              ElementsAre(ElementsAre(Root{kSpout, 10}), ElementsAre(Root{kSpout, 11}),
                          ElementsAre(Root{kSpout, 13}), ElementsAre(Root{kSpout, 14})));
}

TEST(RunAppender, SpansAGapOf255AndOpensARunForAWiderOne) {
  Rows rows;
  const std::uint64_t edge = rows.add(10);
  EXPECT_EQ(rows.add(265), edge);
  ASSERT_EQ(rows.batch->runs.size(), 1u);
  EXPECT_NE(rows.add(521), edge);
  ASSERT_EQ(rows.batch->runs.size(), 2u);
  EXPECT_EQ(rows.batch->runs[1].first_row, 2u);
  EXPECT_EQ(rows.read()[2], std::vector<Root>{(Root{kSpout, 521})});
}

TEST(RunAppender, OpensARunForALowerRootAndForAnotherSpout) {
  Rows rows;
  const std::uint64_t first = rows.add(10);
  const std::uint64_t lower = rows.add(9);
  const std::uint64_t other = rows.add(10, kOther);
  const std::uint64_t later_start = rows.add(11, {.task = 2, .incarnation = 6});
  EXPECT_EQ(rows.batch->runs.size(), 4u);
  EXPECT_EQ((std::set{first, lower, other, later_start}.size()), 4u);
}

// Under one edge the two would cancel each other.
TEST(RunAppender, NeverRepeatsARootUnderOneEdge) {
  Rows rows;
  const std::uint64_t edge = rows.add(10);
  EXPECT_NE(rows.add(10), edge);
  EXPECT_EQ(rows.batch->runs.size(), 2u);
}

TEST(RunAppender, ChoosesDerivedWhenARunIsOpenedAndKeepsToIt) {
  Rows rows;
  rows.add(10);
  rows.add(10);  // opens a derived run, as roots repeat here
  rows.add(10);
  rows.add(12);
  rows.add(12);
  ASSERT_EQ(rows.batch->runs.size(), 2u);
  EXPECT_FALSE(rows.batch->runs[0].derived());
  EXPECT_TRUE(rows.batch->runs[1].derived());
  EXPECT_EQ(rows.batch->runs[1].n, 4u);
  rows.next_batch();  // it remembers
  rows.add(13);
  EXPECT_TRUE(rows.batch->runs[0].derived());
  rows.add(14);
  rows.next_batch();  // and forgets, when nothing was repeated
  rows.add(15);
  EXPECT_FALSE(rows.batch->runs[0].derived());
}

TEST(RunAppender, GivesEveryRowOfADerivedRunItsOwnEdge) {
  Rows rows;
  rows.add(10);
  std::set<std::uint64_t> edges;
  for (int i = 0; i < 100; ++i) {
    edges.insert(rows.add(10));
  }
  EXPECT_EQ(edges.size(), 100u);
  ASSERT_EQ(rows.batch->runs.size(), 2u);
  const worker::Run& run = rows.batch->runs[1];
  EXPECT_TRUE(edges.contains(run.edge_of_row(run.first_row)));
  EXPECT_TRUE(edges.contains(mix64(run.edge ^ (run.first_row + 99u))));
}

TEST(RunAppender, GivesARowOfSeveralRootsARunForEach) {
  Rows rows;
  rows.add(10);
  const auto edges = rows.add_many({{kSpout, 4}, {kSpout, 11}, {kOther, 2}});
  rows.add(11);  // must not continue the run of the joined row
  EXPECT_EQ(std::set(edges.begin(), edges.end()).size(), 3u);
  EXPECT_EQ(rows.batch->runs.size(), 5u);
  EXPECT_THAT(rows.read(),
              ElementsAre(ElementsAre(Root{kSpout, 10}),
                          ElementsAre(Root{kSpout, 4}, Root{kSpout, 11}, Root{kOther, 2}),
                          ElementsAre(Root{kSpout, 11})));
}

TEST(RunAppender, LeavesRowsWithoutRootsUnderNoRun) {
  Rows rows;
  rows.add_unanchored();
  rows.add(10);
  rows.add_unanchored();
  rows.add(11);
  EXPECT_EQ(rows.batch->runs.size(), 2u);
  EXPECT_THAT(rows.read(), ElementsAre(ElementsAre(), ElementsAre(Root{kSpout, 10}), ElementsAre(),
                                       ElementsAre(Root{kSpout, 11})));
}

TEST(RunAppender, DoesNotContinueTheRunOfAnEarlierBatch) {
  Rows rows;
  const std::uint64_t edge = rows.add(10);
  rows.next_batch();
  EXPECT_NE(rows.add(11), edge);
  EXPECT_EQ(rows.batch->runs.size(), 1u);
}

TEST(RunCursor, GivesAnchorsWithTheEdgesOfTheRun) {
  Rows rows;
  rows.add(10);
  rows.add(10);
  const std::uint64_t edge = rows.add(12);  // derived, row 2
  const auto joined = rows.add_many({{kSpout, 4}, {kOther, 2}});
  rows.add_unanchored();
  RunCursor cursor;
  cursor.start(*rows.batch);
  for (std::uint32_t row = 0; row < 3; ++row) {
    cursor.move_to(row);
  }
  const Anchor anchor = cursor.anchor(2);
  ASSERT_EQ(anchor.links().size(), 1u);
  const detail::Link& link = anchor.links()[0];
  EXPECT_EQ(link.root, 12u);
  EXPECT_TRUE(link.derived);
  EXPECT_EQ(link.row, 2u);
  EXPECT_EQ(mix64(link.edge ^ link.row), edge);
  cursor.move_to(3);
  const Anchor both = cursor.anchor(3);
  ASSERT_EQ(both.links().size(), 2u);
  EXPECT_EQ(both.links()[0].edge, joined[0]);
  EXPECT_EQ(both.links()[1].edge, joined[1]);
  EXPECT_EQ(both.links()[1].spout_task, kOther.task);
  cursor.move_to(4);
  const Anchor none = cursor.anchor(4);
  EXPECT_TRUE(none.links().empty());
  EXPECT_TRUE(none.open()) << "a tuple without a tree can be acked too";
}

// The edges of any root, over all batches, must be different: sender and receiver agree on them.
TEST(RunCursor, ReadsBackWhateverWasAppended) {
  common::Random random(support::seed());
  for (int run = 0; run < 200; ++run) {
    Rows rows;
    std::set<std::pair<std::uint64_t, std::uint64_t>> seen;  // root and edge
    for (int b = 0; b < 3; ++b) {
      std::vector<std::vector<Root>> expected;
      std::uint64_t seq = random.below(1000);
      const std::uint64_t count = 1 + random.below(Batch::kMaxRows);
      const std::uint64_t widest = random.chance(0.3) ? 600 : 3;
      for (std::uint64_t i = 0; i < count; ++i) {
        const double kind = random.unit();
        if (kind < 0.05) {
          rows.add_unanchored();
          expected.push_back({});
          continue;
        }
        if (kind < 0.1) {
          const std::vector<Root> roots{{kSpout, seq}, {kSpout, seq + 7}, {kOther, seq}};
          for (const std::uint64_t edge : rows.add_many(roots)) {
            ASSERT_TRUE(seen.emplace(seq, edge).second);
          }
          expected.push_back(roots);
          continue;
        }
        seq += random.below(widest);
        seq -= random.chance(0.02) ? std::min<std::uint64_t>(seq, 5) : 0;
        const SpoutRef& spout = random.chance(0.05) ? kOther : kSpout;
        ASSERT_TRUE(seen.emplace(seq, rows.add(seq, spout)).second) << "an edge came twice";
        expected.push_back({{spout, seq}});
      }
      ASSERT_EQ(rows.read(), expected);
      rows.next_batch();
    }
  }
}

}  // namespace
}  // namespace rafale::worker
