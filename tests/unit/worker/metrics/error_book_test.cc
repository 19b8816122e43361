// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Error texts: kept once, cut, bounded, shown at a limited rate.
#include "worker/metrics/error_book.h"

#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::worker {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kSecond = 1'000'000'000;

TEST(ErrorBook, GivesEqualTextsOneNumber) {
  ErrorBook book(nullptr);
  const std::uint32_t a = book.note("parse", "bad number", 0);
  const std::uint32_t b = book.note("parse", "no comma", 0);
  EXPECT_NE(a, 0u);
  EXPECT_NE(b, 0u);
  EXPECT_NE(a, b);
  EXPECT_EQ(book.note("sink", "bad number", 0), a);
  EXPECT_EQ(book.text(a), "bad number");
  EXPECT_EQ(book.text(b), "no comma");
}

TEST(ErrorBook, HasNoNumberForNothing) {
  ErrorBook book(nullptr);
  EXPECT_EQ(book.note("parse", "", 0), 0u);
  EXPECT_EQ(book.text(0), "");
  EXPECT_EQ(book.text(77), "");
  EXPECT_EQ(book.last("parse"), "");
}

TEST(ErrorBook, CutsLongTexts) {
  ErrorBook book(nullptr);
  const std::string text(ErrorBook::kMaxText + 100, 'x');
  EXPECT_EQ(book.text(book.note("parse", text, 0)), text.substr(0, ErrorBook::kMaxText));
}

TEST(ErrorBook, KeepsUtf8Only) {
  std::string shown;
  ErrorBook book([&shown](const std::string&, const std::string& text) { shown = text; });
  const std::string end = "\xc3\xa9";
  const std::string text = std::string(ErrorBook::kMaxText - 1, 'x') + end;
  EXPECT_EQ(book.text(book.note("parse", text, 0)), text.substr(0, ErrorBook::kMaxText - 1))
      << "no character is cut in two";
  EXPECT_EQ(book.text(book.note("parse", "bad \xff", 0)), "bad \xef\xbf\xbd");
  EXPECT_EQ(shown, "bad \xef\xbf\xbd");
  EXPECT_EQ(book.last("parse"), shown);
  EXPECT_EQ(book.remember("bad \xff"), book.note("parse", "bad \xff", 0));
}

TEST(ErrorBook, ForgetsTheOldestTextsFirst) {
  ErrorBook book(nullptr);
  std::vector<std::uint32_t> numbers;
  for (std::size_t i = 0; i < ErrorBook::kMaxTexts + 2; ++i) {
    numbers.push_back(book.note("parse", "error " + std::to_string(i), 0));
  }
  EXPECT_EQ(book.text(numbers[0]), "");
  EXPECT_EQ(book.text(numbers[1]), "");
  EXPECT_EQ(book.text(numbers[2]), "error 2");
  EXPECT_EQ(book.text(numbers.back()), "error " + std::to_string(ErrorBook::kMaxTexts + 1));
  EXPECT_EQ(book.note("parse", "error 2", 0), numbers[2]);
  const std::uint32_t again = book.note("parse", "error 0", 0);
  EXPECT_NE(again, numbers[0]) << "an old record must not get a new text";
  EXPECT_EQ(book.text(again), "error 0");
  EXPECT_EQ(book.text(numbers[2]), "");
}

TEST(ErrorBook, RemembersTheLatestTextOfEachComponent) {
  ErrorBook book(nullptr);
  book.note("parse", "first", 0);
  book.note("sink", "other", 0);
  book.note("parse", "second", 0);
  EXPECT_EQ(book.last("parse"), "second");
  EXPECT_EQ(book.last("sink"), "other");
  EXPECT_EQ(book.last("nobody"), "");
}

TEST(ErrorBook, ShowsAFewTextsOfAComponentInAnInterval) {
  std::vector<std::string> shown;
  ErrorBook book([&](const std::string& component, const std::string& text) {
    shown.push_back(component + ": " + text);
  });
  for (int i = 0; i < 100; ++i) {
    book.note("parse", "error " + std::to_string(i), 5 * kSecond + i);
  }
  EXPECT_EQ(shown.size(), static_cast<std::size_t>(ErrorBook::kShownPerInterval));
  EXPECT_EQ(shown.front(), "parse: error 0");
  shown.clear();
  book.note("sink", "has its own limit", 6 * kSecond);
  EXPECT_THAT(shown, ElementsAre("sink: has its own limit"));
  shown.clear();
  book.note("parse", "later", 5 * kSecond + ErrorBook::kIntervalNs);
  EXPECT_THAT(shown, ElementsAre("parse: later"));
}

TEST(ErrorBook, TakesNotesFromManyThreads) {
  ErrorBook book(nullptr);
  const auto note = [&book] {
    for (int i = 0; i < 2000; ++i) {
      book.note("parse", "error " + std::to_string(i % 50), i);
    }
  };
  std::thread other(note);
  note();
  other.join();
  EXPECT_LE(book.note("parse", "error 7", 0), 50u);
  EXPECT_EQ(book.text(51), "");
}

}  // namespace
}  // namespace rafale::worker
