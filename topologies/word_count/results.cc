// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Sorting and writing of the counts.
#include "topologies/word_count/results.h"

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <tuple>

#include "connectors/file/line_writer.h"
#include "connectors/file/output_directory.h"

namespace rafale::words {
namespace {

void write_all(connectors::LineWriter writer, const std::string& text) {
  std::error_code error;
  writer.write(text, error);
  if (error) throw std::runtime_error("cannot write " + writer.path() + ": " + error.message());
}

}  // namespace

void Results::join() {
  const std::lock_guard lock(mutex_);
  ++tasks_;
}

void Results::leave(const WordTable& counts) {
  const std::lock_guard lock(mutex_);
  counts.for_each(
      [this](std::string_view word, std::uint64_t count) { counts_.emplace_back(word, count); });
  if (--tasks_ > 0) return;
  directory_.empty() ? print_top() : write_file();
}

void Results::write_file() {
  std::ranges::sort(counts_);
  std::string lines;
  for (const auto& [word, count] : counts_) {
    lines += word + '\t' + std::to_string(count) + '\n';
  }
  connectors::make_output_directory(directory_);
  write_all(connectors::LineWriter(directory_ + "/counts.tsv", connectors::LineWriter::Options{}),
            lines);
}

void Results::print_top() {
  std::ranges::sort(counts_, [](const auto& a, const auto& b) {
    return std::tie(b.second, a.first) < std::tie(a.second, b.first);
  });
  std::string lines;
  for (std::size_t i = 0; i < std::min(top_, counts_.size()); ++i) {
    const std::string count = std::to_string(counts_[i].second);
    lines += std::string(count.size() < 12 ? 12 - count.size() : 0, ' ') + count + ' ' +
             counts_[i].first + '\n';
  }
  write_all(connectors::LineWriter::standard_output(), lines);
}

}  // namespace rafale::words
