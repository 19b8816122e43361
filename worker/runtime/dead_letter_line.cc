// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The fields of dead_letter_line.h.
#include "worker/runtime/dead_letter_line.h"

#include <string_view>

#include "rafale/value.h"

namespace rafale::worker {

std::string dead_letter_line(const std::string& topology, const std::string& component, TaskId task,
                             const DeadLetter& letter, std::int64_t wall_ms) {
  const std::string quoted = json_quote(letter.record);
  std::string line = "{\"record\":" + quoted;
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  if (quoted.find(kReplacement) != std::string::npos &&
      letter.record.find(kReplacement) == std::string_view::npos) {
    const auto* bytes = reinterpret_cast<const std::byte*>(letter.record.data());
    line += ",\"record_hex\":" + Value(ByteString(bytes, bytes + letter.record.size())).to_json();
  }
  line += ",\"reason\":" + json_quote(letter.reason) + ",\"component\":" + json_quote(component) +
          ",\"task\":" + std::to_string(task) + ",\"attempts\":" + std::to_string(letter.attempts) +
          ",\"source\":" + json_quote(letter.source) +
          ",\"position\":" + std::to_string(letter.position) +
          ",\"time\":" + std::to_string(wall_ms) + ",\"topology\":" + json_quote(topology) + "}";
  return line;
}

}  // namespace rafale::worker
