// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One line of text, written beside and renamed.
#include "connectors/file/log_position.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "rafale/durable_file.h"

namespace rafale::connectors {
namespace {

constexpr const char* kFormat = "rafale-log-position-1";

}  // namespace

LogPosition::LogPosition(const std::string& dir, const std::string& component,
                         std::uint32_t task_index, std::int64_t every_ms)
    : every_ms_(every_ms) {
  if (dir.empty()) return;
  std::filesystem::create_directories(dir);
  path_ = dir + "/" + component + "-" + std::to_string(task_index) + ".log-position";
  std::ifstream in(path_);
  if (!in) return;
  std::string format;
  LogPlace place;
  if (!(in >> format >> place.inode >> place.head >> place.offset >> place.lines) ||
      format != kFormat) {
    throw std::runtime_error("'" + path_ + "' is no position that this version understands");
  }
  begin_ = reached_ = kept_ = place;
}

std::uint64_t LogPosition::add(const LogPlace& place) {
  open_.push_back({place});
  return first_ + open_.size() - 1;
}

void LogPosition::complete(std::uint64_t number) {
  if (number < first_) return;
  open_[number - first_].complete = true;
  while (!open_.empty() && open_.front().complete) {
    reached_ = open_.front().place;
    open_.pop_front();
    ++first_;
  }
}

void LogPosition::keep(std::int64_t now_ms) {
  if (now_ms - kept_at_ms_ < every_ms_) return;
  kept_at_ms_ = now_ms;
  keep_now();
}

void LogPosition::keep_now() {
  if (path_.empty() || reached_ == kept_) return;
  const std::string text = std::string(kFormat) + " " + std::to_string(reached_.inode) + " " +
                           std::to_string(reached_.head) + " " + std::to_string(reached_.offset) +
                           " " + std::to_string(reached_.lines) + "\n";
  write_durably(path_, text);
  kept_ = reached_;
}

}  // namespace rafale::connectors
