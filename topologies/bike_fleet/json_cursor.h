// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Steps over JSON values without parsing them: aware of strings and depth, of nothing else.
#pragma once

#include <cstddef>
#include <string_view>

namespace rafale::bikes {

/// A position in a JSON text that may be no JSON at all: a step that cannot be made returns false
/// and leaves the position anywhere. Cheap to copy; reads only inside the text.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text) : at_(text.data()), end_(at_ + text.size()) {}

  const char* position() const { return at_; }

  /// Steps over white space and then over `c`.
  bool expect(char c) {
    if (!skip_space() || *at_ != c) {
      return false;
    }
    ++at_;
    return true;
  }
  /// The next character that is no white space, 0 at the end.
  char peek() { return skip_space() ? *at_ : '\0'; }

  /// Steps over a string; `inside` are the bytes between its quotes, `escaped` says that some of
  /// them are escapes.
  bool string(std::string_view& inside, bool& escaped) {
    if (!expect('"')) {
      return false;
    }
    const char* const begin = at_;
    escaped = false;
    for (; at_ != end_; ++at_) {
      if (*at_ == '"') {
        inside = {begin, static_cast<std::size_t>(at_ - begin)};
        ++at_;
        return true;
      }
      if (*at_ == '\\') {
        escaped = true;
        if (++at_ == end_) {
          return false;
        }
      }
    }
    return false;
  }

  /// Steps over digits that are a whole value: no sign, fraction or exponent.
  bool digits(std::string_view& text) {
    skip_space();
    const char* const begin = at_;
    while (at_ != end_ && *at_ >= '0' && *at_ <= '9') {
      ++at_;
    }
    text = {begin, static_cast<std::size_t>(at_ - begin)};
    return !text.empty() && (at_ == end_ || *at_ == ',' || *at_ == '}' || is_space(*at_));
  }

  /// Steps over a value of any type, up to the comma or bracket behind it.
  bool skip_value();

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
  bool skip_space() {
    while (at_ != end_ && is_space(*at_)) {
      ++at_;
    }
    return at_ != end_;
  }

  const char* at_;
  const char* end_;
};

}  // namespace rafale::bikes
