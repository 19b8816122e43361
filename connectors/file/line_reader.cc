// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Buffering behind LineReader: one block that holds at least the line being looked for.
#include "connectors/file/line_reader.h"

#include <algorithm>
#include <new>
#include <stdexcept>
#include <utility>

namespace rafale::connectors {
namespace {

// Small enough to stay in the second-level cache between read(2) and the scan.
constexpr std::size_t kBlock = std::size_t{256} << 10;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

LineReader::LineReader(std::string path, Options options)
    : path_(std::move(path)), options_(options), source_(open_bytes(path_)) {
  options_.max_line = std::max<std::size_t>(options_.max_line, 1);
  grow(kBlock);
  if (options_.in_memory) {
    read_all();
  } else {
    while (static_cast<std::size_t>(end_ - at_) < kByteOrderMark.size() && fill()) {
    }
  }
  skip_byte_order_mark();
}

bool LineReader::next_slow(Line& line) {
  for (;;) {
    if (const char* end = find_line_feed()) {
      give(line, end, 1);
      return true;
    }
    if (source_ && static_cast<std::size_t>(end_ - at_) > options_.max_line) {
      return give_cut(line);
    }
    if (!fill()) {
      break;
    }
  }
  if (at_ == end_) {
    return false;
  }
  give(line, end_, 0);
  return true;
}

/// Keeps the beginning of a line that is too long in the buffer's front and reads over the rest.
bool LineReader::give_cut(Line& line) {
  drop_front();
  if (capacity_ < options_.max_line + kBlock) {
    grow(options_.max_line + kBlock);
  }
  line.text = {at_, options_.max_line};
  line.number = ++lines_;
  line.offset = offset_;
  line.cut = true;
  char* const rest = buffer_.get() + options_.max_line;
  const std::size_t room = capacity_ - options_.max_line;
  offset_ += options_.max_line;
  at_ = rest;
  do {
    const auto size = static_cast<std::size_t>(end_ - at_);
    if (const void* feed = std::memchr(at_, '\n', size)) {
      const char* after = static_cast<const char*>(feed) + 1;
      offset_ += static_cast<std::size_t>(after - at_);
      at_ = after;
      return true;
    }
    offset_ += size;
    at_ = end_ = rest;
  } while (read_more(rest, room));
  return true;
}

/// Moves what is not given yet to the beginning of the block.
void LineReader::drop_front() {
  const auto rest = static_cast<std::size_t>(end_ - at_);
  if (at_ != buffer_.get()) {
    std::memmove(buffer_.get(), at_, rest);
    at_ = buffer_.get();
    end_ = at_ + rest;
  }
}

void LineReader::grow(std::size_t capacity) {
  const std::ptrdiff_t at = at_ - buffer_.get();
  const std::ptrdiff_t end = end_ - buffer_.get();
  // realloc moves large blocks by their pages.
  char* moved = static_cast<char*>(std::realloc(buffer_.get(), capacity));
  if (moved == nullptr) {
    throw std::bad_alloc();
  }
  static_cast<void>(buffer_.release());
  buffer_.reset(moved);
  capacity_ = capacity;
  at_ = moved + at;
  end_ = moved + end;
}

/// Reads more behind end_; false at the end of the file.
bool LineReader::fill() {
  if (!source_) {
    return false;
  }
  if (!options_.in_memory) {
    drop_front();
  }
  const auto used = static_cast<std::size_t>(end_ - buffer_.get());
  if (used == capacity_) {
    grow(capacity_ * 2);
  }
  return read_more(buffer_.get() + used, capacity_ - used);
}

bool LineReader::read_more(char* to, std::size_t room) {
  std::size_t got = 0;
  try {
    got = source_->read(to, room);
  } catch (...) {
    source_.reset();
    at_ = end_;  // half a line before an error is no line
    throw;
  }
  if (got == 0) {
    source_.reset();
    return false;
  }
  end_ = to + got;
  return true;
}

void LineReader::read_all() {
  // One byte more, so that the read that finds the end has room.
  if (const std::uint64_t size = source_->size_on_disk() + 1; size > capacity_) {
    grow(size);
  }
  while (fill()) {
  }
}

void LineReader::skip_byte_order_mark() {
  if (std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(kByteOrderMark)) {
    at_ += kByteOrderMark.size();
    offset_ = kByteOrderMark.size();
  }
}

}  // namespace rafale::connectors
