// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Settings by name, as a topology, its components and its tasks see them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rafale/export.h"
#include "rafale/value.h"

namespace rafale {

/// Settings by dotted key ("topology.message.timeout.secs"). A plain value: copying copies; reads
/// of one that nobody changes are thread-safe. Values that came from a command line or a file were
/// typed by YAML's rules: 4 is an int64, 0.5 a double, true a bool, anything else a string.
class RAFALE_API Config {
 public:
  void set(std::string key, Value value) {
    values_.insert_or_assign(std::move(key), std::move(value));
  }
  /// Keys of `other` win.
  void merge(const Config& other);
  bool contains(std::string_view key) const { return values_.contains(key); }
  /// Null if the key is not set.
  const Value* find(std::string_view key) const;
  const std::map<std::string, Value, std::less<>>& values() const { return values_; }

  /// The setting, or `fallback` if the key is not set or null. Throws std::invalid_argument, naming
  /// the key, if the value is of another type. T is bool, std::int64_t, double (an int64 is taken
  /// as well) or std::string (numbers and bools are taken as their text).
  template <class T>
  T get(std::string_view key, T fallback) const {
    auto v = lookup<T>(key);
    return v ? *std::move(v) : std::move(fallback);
  }
  template <class T>
  std::optional<T> lookup(std::string_view key) const = delete;

 private:
  std::map<std::string, Value, std::less<>> values_;
};

template <>
RAFALE_API std::optional<bool> Config::lookup<bool>(std::string_view key) const;
template <>
RAFALE_API std::optional<std::int64_t> Config::lookup<std::int64_t>(std::string_view key) const;
template <>
RAFALE_API std::optional<double> Config::lookup<double>(std::string_view key) const;
template <>
RAFALE_API std::optional<std::string> Config::lookup<std::string>(std::string_view key) const;

/// The candidate nearest to `word` by edit distance, if it is near enough to be a likely typo; else
/// empty. For "did you mean".
RAFALE_API std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace rafale
