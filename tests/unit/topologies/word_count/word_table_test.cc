// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The table of words against one of the standard library's.
#include "topologies/word_count/word_table.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

namespace rafale::words {
namespace {

std::map<std::string, std::uint64_t> content(const WordTable& table) {
  std::map<std::string, std::uint64_t> words;
  table.for_each([&](std::string_view word, std::uint64_t count) {
    EXPECT_TRUE(words.emplace(word, count).second) << word << " comes twice";
  });
  return words;
}

TEST(WordTable, IsEmptyAtFirst) {
  EXPECT_EQ(WordTable().size(), 0u);
  EXPECT_TRUE(content(WordTable()).empty());
}

TEST(WordTable, CountsFromZero) {
  WordTable table;
  EXPECT_EQ(table["gust"], 0u);
  EXPECT_EQ(++table["gust"], 1u);
  EXPECT_EQ(++table["gust"], 2u);
  EXPECT_EQ(++table["wind"], 1u);
  EXPECT_EQ(table.size(), 2u);
}

TEST(WordTable, TellsAWordFromItsBeginningAndTheEmptyWord) {
  WordTable table;
  table["a"] = 1;
  table["ab"] = 2;
  table[""] = 3;
  EXPECT_EQ(content(table), (std::map<std::string, std::uint64_t>{{"", 3}, {"a", 1}, {"ab", 2}}));
}

TEST(WordTable, KeepsEveryWordAndCountWhenItGrows) {
  WordTable table;
  std::map<std::string, std::uint64_t> expected;
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    const std::string word = "word" + std::to_string(i % 30'011);
    ++table[word];
    ++expected[word];
  }
  EXPECT_EQ(table.size(), expected.size());
  EXPECT_EQ(content(table), expected);
}

}  // namespace
}  // namespace rafale::words
