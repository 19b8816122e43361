// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The file of source_position.h: the number as text.
#include "rafale/source_position.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "rafale/durable_file.h"

namespace rafale {

SourcePosition::SourcePosition(std::string dir, const std::string& component,
                               std::uint32_t task_index, std::int64_t every_ms)
    : every_ms_(every_ms) {
  if (dir.empty()) {
    return;
  }
  std::error_code error;
  std::filesystem::create_directories(dir, error);
  path_ = std::move(dir) + "/" + component + "-" + std::to_string(task_index) + ".position";
  std::ifstream in(path_);
  if (in && !(in >> begin_)) {
    throw std::runtime_error(path_ + " holds no position; remove it to begin anew");
  }
  reached_ = kept_ = begin_;
}

void SourcePosition::complete(std::uint64_t position) {
  if (position < reached_) {
    return;
  }
  if (position > reached_) {
    ahead_.insert(position);
    return;
  }
  ++reached_;
  while (!ahead_.empty() && *ahead_.begin() == reached_) {
    ahead_.erase(ahead_.begin());
    ++reached_;
  }
}

void SourcePosition::keep(std::int64_t now_ms) {
  if (reached_ != kept_ && now_ms - kept_at_ms_ >= every_ms_) {
    kept_at_ms_ = now_ms;
    keep_now();
  }
}

void SourcePosition::keep_now() {
  if (path_.empty() || reached_ == kept_) {
    return;
  }
  write_durably(path_, std::to_string(reached_) + "\n");
  kept_ = reached_;
}

}  // namespace rafale
