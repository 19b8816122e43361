// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Knows which stations of a city are empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "rafale/bolt.h"

namespace rafale::bikes {

/// From change_schema(), grouped by contract, to event_schema(): adds how many stations of the
/// contract are empty now. That is the size of a set, so a change that comes twice counts once.
class CityBolt final : public BasicBolt {
 public:
  /// `emit_initial`: false keeps the changes of first records back, after they have counted.
  /// `address`: changes carry the address, and so do events.
  explicit CityBolt(bool emit_initial, bool address = false)
      : emit_initial_(emit_initial), with_address_(address) {}

  void prepare(TaskContext& context) override;
  void execute(const Tuple& in, BasicCollector& out) override;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Numbers = std::unordered_set<std::string, TextHash, std::equal_to<>>;

  Numbers& empty_in(std::string_view contract);

  bool emit_initial_;
  bool with_address_;
  Field<std::string_view> contract_, number_, turned_, address_;
  Field<std::int64_t> delta_, bikes_, at_;
  Field<bool> initial_;
  std::unordered_map<std::string, Numbers, TextHash, std::equal_to<>> empty_;
};

}  // namespace rafale::bikes
