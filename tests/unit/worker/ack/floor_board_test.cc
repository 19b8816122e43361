// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Floors belong to one start of a task, also while another begins.
#include "worker/ack/floor_board.h"

#include <atomic>
#include <cstdint>
#include <thread>

#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

TEST(FloorBoard, KnowsTheFloorOfTheStartThatItWasToldOf) {
  FloorBoard board(4);
  const SpoutRef first{.task = 2, .incarnation = 10};
  const SpoutRef second{.task = 2, .incarnation = 11};
  EXPECT_EQ(board.floor(first), 0u);
  board.start(first);
  board.raise(first, 40);
  EXPECT_EQ(board.floor(first), 40u);
  EXPECT_EQ(board.floor(second), 0u);
  EXPECT_EQ(board.floor({.task = 3, .incarnation = 10}), 0u);
  board.start(second);
  EXPECT_EQ(board.floor(first), 0u) << "of a start that is gone nothing is known";
  EXPECT_EQ(board.floor(second), 0u);
}

TEST(FloorBoard, KnowsNothingOfTasksThatItHasNoPlaceFor) {
  const FloorBoard board(4);
  EXPECT_EQ(board.floor({.task = 4, .incarnation = 0}), 0u);
  EXPECT_EQ(board.floor({.task = 4'000'000'000, .incarnation = 0}), 0u);
}

// Floors of start i lie between i * 1000 and i * 1000 + 999.
TEST(FloorBoard, NeverMixesStartsWhileTheyChange) {
  FloorBoard board(2);
  std::atomic<std::uint32_t> newest{1};
  std::atomic<std::uint64_t> wrong{0};
  board.start({.task = 1, .incarnation = 1});
  std::thread reader([&] {
    for (std::uint32_t start = 1; start < 2000;) {
      start = newest.load(std::memory_order_acquire);
      for (const std::uint32_t of : {start - 1, start, start + 1}) {
        const std::uint64_t floor = board.floor({.task = 1, .incarnation = of});
        wrong += floor != 0 && floor / 1000 != of ? 1 : 0;
      }
    }
  });
  for (std::uint32_t start = 2; start <= 2000; ++start) {
    const SpoutRef spout{.task = 1, .incarnation = start};
    board.start(spout);
    for (std::uint64_t i = 0; i < 10; ++i) {
      board.raise(spout, start * std::uint64_t{1000} + i);
    }
    newest.store(start, std::memory_order_release);
  }
  reader.join();
  EXPECT_EQ(wrong.load(), 0u);
}

}  // namespace
}  // namespace rafale::worker
