// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The step over a value of any type.
#include "topologies/bike_fleet/json_cursor.h"

namespace rafale::bikes {

bool JsonCursor::skip_value() {
  std::string_view inside;
  bool escaped = false;
  if (peek() == '"') {
    return string(inside, escaped);
  }
  const char* const begin = at_;
  std::size_t depth = 0;
  while (at_ != end_) {
    switch (*at_) {
      case '"':
        if (!string(inside, escaped)) {
          return false;
        }
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (depth == 0) {
          return at_ != begin;  // the bracket that closes what the value stands in
        }
        if (--depth == 0) {
          ++at_;
          return true;
        }
        break;
      case ',':
        if (depth == 0) {
          return at_ != begin;
        }
        break;
      default:
        break;
    }
    ++at_;
  }
  return depth == 0 && at_ != begin;
}

}  // namespace rafale::bikes
