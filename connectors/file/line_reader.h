// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The lines of a plain or compressed file, one view after another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/file/byte_source.h"

namespace rafale::connectors {

/// One line, without its line feed and a carriage return before it.
struct Line {
  std::string_view text;
  std::uint64_t number = 0;  ///< in its file, from 1
  std::uint64_t offset = 0;  ///< of its first byte in the (decompressed) file, from 0
  bool cut = false;          ///< longer than max_line: `text` is its beginning
};

/// Reads a file line by line. The last line counts with or without a line feed; a byte order mark
/// at the beginning is not part of the first. Used on one thread at a time; allocates nothing per
/// line.
///
///   LineReader reader("stations.jsonl.zst");
///   for (Line line; reader.next(line);) use(line.text);
class LineReader {
 public:
  struct Options {
    /// Reads (and decompresses) the whole file in the constructor, so that next() costs no I/O.
    bool in_memory = false;
    /// Bytes of a line that are kept at least; bounds the memory that a file without line feeds
    /// takes. In memory no line is cut.
    std::size_t max_line = std::size_t{64} << 20;
  };

  /// Throws std::runtime_error, naming the file, if it cannot be opened.
  explicit LineReader(std::string path) : LineReader(std::move(path), Options{}) {}
  LineReader(std::string path, Options options);

  /// The next line; false at the end. line.text stays valid until the next call (in memory: as long
  /// as the reader). Throws std::runtime_error, naming the file, if it cannot be read; the lines
  /// before were given, and the next call returns false.
  bool next(Line& line) {
    if (const char* end = find_line_feed()) [[likely]] {
      give(line, end, 1);
      return true;
    }
    return next_slow(line);
  }

  const std::string& path() const { return path_; }
  /// Lines that next() gave.
  std::uint64_t lines() const { return lines_; }

 private:
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };

  const char* find_line_feed() const {
    return static_cast<const char*>(std::memchr(at_, '\n', static_cast<std::size_t>(end_ - at_)));
  }
  void give(Line& line, const char* end, std::size_t feed) {
    std::size_t size = static_cast<std::size_t>(end - at_);
    const std::size_t taken = size + feed;
    if (size > 0 && at_[size - 1] == '\r') {
      --size;
    }
    line.text = {at_, size};
    line.number = ++lines_;
    line.offset = offset_;
    line.cut = false;
    at_ += taken;
    offset_ += taken;
  }
  bool next_slow(Line& line);
  bool give_cut(Line& line);
  void drop_front();
  void grow(std::size_t capacity);
  bool fill();
  bool read_more(char* to, std::size_t room);
  void read_all();
  void skip_byte_order_mark();

  std::string path_;
  Options options_;
  std::unique_ptr<ByteSource> source_;  // null when everything was read
  std::unique_ptr<char, Free> buffer_;
  std::size_t capacity_ = 0;
  const char* at_ = nullptr;   // first byte not given yet
  const char* end_ = nullptr;  // behind the last byte read
  std::uint64_t offset_ = 0;
  std::uint64_t lines_ = 0;
};

}  // namespace rafale::connectors
