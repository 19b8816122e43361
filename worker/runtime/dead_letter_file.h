// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The dead letters as a file of JSON lines.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "common/clock.h"
#include "worker/executor/core.h"

namespace rafale::worker {

/// DIR/dead_letters.jsonl, made with its directory at the first letter. A letter is one line,
/// see dead_letter_line.h. write() returns when write(2) has, or if `sync` when fdatasync(2) has;
/// it throws std::runtime_error, naming the file, if that fails.
class DeadLetterFile final : public DeadLetters {
 public:
  DeadLetterFile(std::string topology, std::string directory, bool sync,
                 const common::Clock& clock);
  ~DeadLetterFile() override;

  void write(const std::string& component, TaskId task, const DeadLetter& letter) override;
  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  const std::string& path() const { return path_; }

 private:
  void open();

  std::string topology_;
  std::string directory_;
  std::string path_;
  bool sync_;
  const common::Clock& clock_;
  std::mutex mutex_;
  int fd_ = -1;
  bool torn_ = false;  // the last line was not written whole
  std::atomic<std::uint64_t> written_{0};
};

}  // namespace rafale::worker
