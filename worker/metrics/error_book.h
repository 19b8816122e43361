// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The texts of failures, kept once each and shown at a limited rate.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace rafale::worker {

/// Remembers what went wrong in which component, so that a record of a failure carries a number and
/// not a text. Thread-safe; used on error paths only.
class ErrorBook {
 public:
  static constexpr std::size_t kMaxText = 512;    ///< bytes of UTF-8; what is none is replaced
  static constexpr std::size_t kMaxTexts = 4096;  ///< kept; the oldest go first
  /// At most this many texts of one component are shown in ten seconds (Storm:
  /// topology.max.error.report.per.interval).
  static constexpr int kShownPerInterval = 5;
  static constexpr std::int64_t kIntervalNs = 10'000'000'000;

  using Show = std::function<void(const std::string& component, const std::string& text)>;
  explicit ErrorBook(Show show) : show_(std::move(show)) {}

  /// A number for text(); 0 for an empty text. Shows the text, one at a time, unless the component
  /// has shown too many lately; `show` may call back.
  std::uint32_t note(const std::string& component, std::string_view given, std::int64_t now_ns);
  /// A number for the text of a failure in another process, which shows it itself.
  std::uint32_t remember(std::string_view text);
  /// The text of a number that note() gave; empty for 0 and for texts that are forgotten.
  std::string text(std::uint32_t number) const;
  /// The latest text of the component.
  std::string last(std::string_view component) const;

 private:
  struct Component {
    std::string last;
    std::int64_t interval_start = 0;
    int shown = 0;
  };
  std::uint32_t number_of(std::string_view text);

  std::recursive_mutex show_mutex_;  // one text at a time; taken before mutex_
  Show show_;
  mutable std::mutex mutex_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::deque<std::string> texts_;  // the first has number forgotten_ + 1
  std::uint32_t forgotten_ = 0;
  std::map<std::string, Component, std::less<>> components_;
};

}  // namespace rafale::worker
