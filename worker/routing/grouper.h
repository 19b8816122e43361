// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How one subscription chooses among the subscriber's tasks. One small file for each grouping.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "rafale/grouping.h"
#include "rafale/schema.h"

namespace rafale::worker {

/// Chooses, row by row, where one task's tuples of one stream go. Belongs to the emitting task and
/// is used on its thread.
class Grouper {
 public:
  /// Every task of the subscriber.
  static constexpr std::uint32_t kAll = ~std::uint32_t{0};

  virtual ~Grouper() = default;
  /// Index among the subscriber's tasks, in ascending order of their ids, or kAll. `row` is encoded
  /// as sdk/include/rafale/row.h says.
  virtual std::uint32_t choose(const char* row) = 0;
};

/// What a grouping may know.
struct GroupingContext {
  const Schema* schema = nullptr;    ///< of the stream
  std::uint32_t tasks = 1;           ///< of the subscriber
  std::vector<std::uint32_t> local;  ///< indices of those in the emitter's process
  std::uint64_t seed = 0;            ///< random
};

/// The grouper for a validated grouping. Null for direct: there the emitter chooses.
std::unique_ptr<Grouper> make_grouper(const Grouping& grouping, const GroupingContext& context);

}  // namespace rafale::worker
