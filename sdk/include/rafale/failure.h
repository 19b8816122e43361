// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Why a tuple failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "rafale/export.h"
#include "rafale/types.h"

namespace rafale {

enum class FailureCode : std::uint8_t {
  timeout = 0,    ///< the tree was not complete within topology.message.timeout.secs
  explicit_ = 1,  ///< a bolt called fail()
  exception = 2,  ///< user code threw; the text is what()
  peer_lost = 3,  ///< a worker that had part of the tree is gone
};
inline constexpr std::size_t kFailureCodes = 4;

/// "timeout", "explicit", "exception" or "peer_lost".
RAFALE_API std::string_view to_string(FailureCode code);

/// What a spout is told of a failed message. The views are valid during the call only.
struct FailReason {
  FailureCode code = FailureCode::timeout;
  std::string_view component;  ///< where it failed; empty for a timeout
  TaskId task = 0;             ///< 0 for a timeout
  std::string_view text;       ///< at most 512 bytes; may be empty, texts are limited in rate

  /// "exception in parse (task 7): bad number".
  RAFALE_API std::string to_string() const;
};

/// A record that no retry will help, on its way to the dead letters.
struct DeadLetter {
  std::string_view record{};   ///< the record as it came in
  std::string_view reason{};   ///< one sentence
  std::string_view source{};   ///< file, topic or other origin
  std::int64_t position = -1;  ///< place in the source, -1 if it has none
  std::uint32_t attempts = 1;  ///< how often it was tried
};

}  // namespace rafale
