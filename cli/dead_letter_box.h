// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A directory of dead letters: reading them, marking those that were replayed, removing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rafale::cli {

/// One letter as it stands in dead_letters.jsonl. Fields that it lacks are empty.
struct StoredLetter {
  std::string record;  ///< the bytes, also where the line gives them in hex
  std::string reason, component, source, topology;
  std::int64_t task = 0;
  std::int64_t attempts = 0;
  std::int64_t position = -1;
  std::int64_t time_ms = 0;  ///< since 1970
  bool text = true;          ///< the record is UTF-8
  bool replayed = false;
  // Where it stands in its file.
  std::uint64_t offset = 0;
  std::size_t size = 0;  ///< without the line feed
  std::uint64_t mark = 0;
};

/// What a line says; nothing if it is no letter.
absl::StatusOr<StoredLetter> parse_letter(const std::string& line);

/// As `dlq show` gives it.
nlohmann::ordered_json to_json(const StoredLetter& letter);

/// One directory. A runtime may append meanwhile: lines are only ever blanked in place, so nothing
/// that arrives is lost.
class DeadLetterBox {
 public:
  /// NOT_FOUND, naming the directory, if it has no dead_letters.jsonl.
  static absl::StatusOr<DeadLetterBox> open(const std::string& directory);

  const std::vector<StoredLetter>& letters() const { return letters_; }
  /// Lines that are no letters, the last one if it is not whole.
  std::size_t unreadable() const { return unreadable_; }

  /// Remembers, durably, that these were replayed.
  absl::Status mark_replayed(const std::vector<const StoredLetter*>& letters);
  /// Overwrites these with blanks and gives their room on the disk back.
  absl::Status remove(const std::vector<const StoredLetter*>& letters);

 private:
  explicit DeadLetterBox(std::string directory);
  absl::Status read();
  void read_marks();

  std::string file_, marks_file_;
  std::set<std::uint64_t> marks_;
  std::vector<StoredLetter> letters_;
  std::size_t unreadable_ = 0;
};

/// Letters from a stream, one on a line, as from `kcat -C`; lines that are none are counted.
std::vector<StoredLetter> read_letters(std::istream& in, std::size_t& unreadable);

/// Where the letters of topologies lie that name no directory: a folder for each.
std::string dead_letters_home();

}  // namespace rafale::cli
