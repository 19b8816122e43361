// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Seeded generation of zipf_text.h.
#include "bench/zipf_text.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "common/random.h"

namespace rafale::bench {
namespace {

constexpr int kLines = 100'000;
constexpr int kWordsPerLine = 10;
constexpr std::size_t kVocabulary = 10'000;

}  // namespace

std::string zipf_text() {
  common::Random random(42);
  std::vector<std::string> vocabulary(kVocabulary);
  for (std::string& word : vocabulary) {
    for (std::uint64_t letters = 2 + random.below(9); letters > 0; --letters) {
      word += static_cast<char>('a' + random.below(26));
    }
  }
  std::string text;
  for (int i = 0; i < kLines * kWordsPerLine; ++i) {
    const double rank = std::pow(static_cast<double>(kVocabulary), random.unit());
    text += vocabulary[static_cast<std::size_t>(rank) - 1];
    text += (i + 1) % kWordsPerLine == 0 ? '\n' : ' ';
  }
  return text;
}

}  // namespace rafale::bench
