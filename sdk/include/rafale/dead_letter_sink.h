// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where a topology's dead letters go if not to a file.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "rafale/export.h"
#include "rafale/failure.h"

namespace rafale {

/// A durable place for dead letters. Each process of the topology makes one before its tasks;
/// functions are called on any thread, one at a time.
class alignas(kObjectAlignment) RAFALE_API DeadLetterSink {
 public:
  virtual ~DeadLetterSink();

  /// Returns when the letter is durable, as its message counts as done from then on. An exception
  /// says that it is not: the message is tried again. It may wait, for seconds and not for ever.
  /// `line` is the letter as one JSON object, as in dead_letters.jsonl, without a line feed. Both
  /// views are valid during the call.
  virtual void write(std::string_view line, const DeadLetter& letter) = 0;
};

using DeadLetterSinkFactory = std::function<std::unique_ptr<DeadLetterSink>()>;

/// See TopologyBuilder::dead_letters().
struct DeadLetterDef {
  std::string place{};           ///< for people: "topic x of Kafka"
  DeadLetterSinkFactory make{};  ///< empty: dead letters go to a file
};

}  // namespace rafale
