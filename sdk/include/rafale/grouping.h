// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How the tuples of a stream are shared out among the tasks of a subscriber.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rafale/export.h"

namespace rafale {

/// One subscription's rule. Made by the functions of BoltDeclarer.
struct RAFALE_API Grouping {
  enum class Kind : std::uint8_t {
    shuffle,           ///< round robin, from a random start
    fields,            ///< by the hash of some fields: equal values, same task
    all,               ///< every task
    global,            ///< the task with the lowest id
    direct,            ///< the task that the emitter names
    local_or_shuffle,  ///< shuffle among the tasks in the emitter's process, else among all
  };
  Kind kind = Kind::shuffle;
  std::vector<std::string> fields;  ///< for Kind::fields

  /// "shuffle", "fields(word)", ...
  std::string to_string() const;
};

}  // namespace rafale
