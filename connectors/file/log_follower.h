// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The lines of a log that is being written, across its rotations.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rafale::connectors {

/// Where a reader of a log stands: which file, however it is called now, and how far in it.
struct LogPlace {
  std::uint64_t inode = 0;
  std::uint64_t head = 0;    ///< a hash of the file's first line, as inodes are used again
  std::uint64_t offset = 0;  ///< of the next line
  std::uint64_t lines = 0;   ///< that were read before, in all files
  friend bool operator==(const LogPlace&, const LogPlace&) = default;
};

/// Reads a log line by line, and waits for what comes. When the log was rotated, by renaming and a
/// new file or by truncation, it reads the old file to its end and goes on with the new one (a file
/// that was truncated and has grown beyond its old size meanwhile cannot be told from one that
/// grew). A last line without its line feed waits for it, unless its file was rotated away. Plain
/// files only. Used on one thread at a time; never waits.
///
///   LogFollower log("access.log", saved);
///   while (log.next(line)) use(line);      // false: nothing now
///   save(log.place());
class LogFollower {
 public:
  /// Goes on at `from`: in the file of that name or in one beside it whose name begins so
  /// (access.log.1), which it was rotated to. If there is none any more, that is a note, and
  /// reading begins with the file of that name. The file may not exist yet.
  explicit LogFollower(std::string path, std::optional<LogPlace> from = std::nullopt,
                       std::size_t max_line = std::size_t{8} << 20);
  ~LogFollower();
  LogFollower(const LogFollower&) = delete;
  LogFollower& operator=(const LogFollower&) = delete;

  /// The next line, without its end; valid until the next call. Throws std::runtime_error, naming
  /// the file, if it cannot be read; the next call tries again.
  bool next(std::string_view& line);
  /// Behind the line that next() gave last.
  const LogPlace& place() const { return place_; }
  /// What a person should know, in sentences: files that are gone, lines that were cut.
  std::vector<std::string> take_notes();

 private:
  void open_first(const LogPlace& from);
  bool open(const std::string& path, std::uint64_t offset);
  void close();
  bool take_line(std::string_view& line, bool whole_only);
  bool read_more();
  bool next_file();
  bool was_truncated() const;

  std::string path_;
  std::size_t max_line_;
  int fd_ = -1;
  std::string open_path_;
  dev_t device_ = 0;
  LogPlace place_;
  std::string buffer_;             // what was read and not given
  std::size_t begin_ = 0;          // of the next line in buffer_
  std::deque<std::string> older_;  // rotated files to be read before path_, oldest first
  std::vector<std::string> notes_;
};

}  // namespace rafale::connectors
