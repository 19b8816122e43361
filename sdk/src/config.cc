// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Typed look-up of settings, and the nearest name to a misspelt one.
#include "rafale/config.h"

#include <algorithm>
#include <stdexcept>

namespace rafale {
namespace {

[[noreturn]] void wrong_type(std::string_view key, std::string_view expected, const Value& given) {
  throw std::invalid_argument(std::string(key) + ": expected " + std::string(expected) +
                              ", given " + given.to_json());
}

// Edits between two words: a letter added, dropped, replaced, or swapped with its neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(now);
  }
  return last[b.size()];
}

}  // namespace

void Config::merge(const Config& other) {
  for (const auto& [key, value] : other.values_) values_.insert_or_assign(key, value);
}

const Value* Config::find(std::string_view key) const {
  const auto at = values_.find(key);
  return at == values_.end() ? nullptr : &at->second;
}

template <>
std::optional<bool> Config::lookup<bool>(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr || v->is_null()) return std::nullopt;
  if (const bool* found = v->as<bool>()) return *found;
  wrong_type(key, "bool", *v);
}

template <>
std::optional<std::int64_t> Config::lookup<std::int64_t>(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr || v->is_null()) return std::nullopt;
  if (const std::int64_t* found = v->as<std::int64_t>()) return *found;
  wrong_type(key, "int64", *v);
}

template <>
std::optional<double> Config::lookup<double>(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr || v->is_null()) return std::nullopt;
  if (const double* found = v->as<double>()) return *found;
  if (const std::int64_t* found = v->as<std::int64_t>()) return static_cast<double>(*found);
  wrong_type(key, "double", *v);
}

template <>
std::optional<std::string> Config::lookup<std::string>(std::string_view key) const {
  const Value* v = find(key);
  if (v == nullptr || v->is_null()) return std::nullopt;
  if (const std::string* found = v->as<std::string>()) return *found;
  const bool scalar = v->as<bool>() || v->as<std::int64_t>() || v->as<double>();
  if (!scalar) wrong_type(key, "string", *v);
  return v->to_json();
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const std::string& candidate : candidates) {
    const std::size_t longest = std::max(word.size(), candidate.size());
    const std::size_t near = std::max<std::size_t>(1, longest / 3);
    const std::size_t edits = distance(word, candidate);
    const bool typo = edits <= near && edits < longest;
    if (typo && (best == nullptr || edits < best_distance)) {
      best = &candidate;
      best_distance = edits;
    }
  }
  return best == nullptr ? std::string() : *best;
}

}  // namespace rafale
