// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sorting and printing.
#include "topologies/page_visits/report.h"

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "connectors/file/line_writer.h"

namespace rafale::visits {

void Report::join(const std::string& part) {
  const std::lock_guard lock(mutex_);
  ++tasks_;
  parts_[part];
}

void Report::add(const std::string& part, std::string_view key, std::uint64_t count) {
  const std::lock_guard lock(mutex_);
  parts_[part].emplace_back(count, key);
}

void Report::leave() {
  const std::lock_guard lock(mutex_);
  if (--tasks_ > 0 || top_ == 0) return;
  std::string text;
  for (auto& [part, counts] : parts_) {
    std::ranges::sort(counts, [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    text += (text.empty() ? "" : "\n") + std::string("top ") + part + ":\n";
    for (std::size_t i = 0; i < std::min(top_, counts.size()); ++i) {
      const std::string count = std::to_string(counts[i].first);
      text += std::string(count.size() < 12 ? 12 - count.size() : 0, ' ') + count + ' ' +
              counts[i].second + '\n';
    }
  }
  auto writer = connectors::LineWriter::standard_output();
  std::error_code error;
  writer.write(text, error);
  if (error) throw std::runtime_error("cannot write " + writer.path() + ": " + error.message());
}

}  // namespace rafale::visits
