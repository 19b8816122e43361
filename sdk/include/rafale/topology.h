// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A topology as data: what the builder makes and the runtime runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rafale/bolt.h"
#include "rafale/config.h"
#include "rafale/dead_letter_sink.h"
#include "rafale/export.h"
#include "rafale/grouping.h"
#include "rafale/schema.h"
#include "rafale/spout.h"

namespace rafale {

struct StreamDef {
  std::string name;
  Schema schema;
  bool direct = false;
};

struct InputDef {
  std::string component;
  std::string stream;
  Grouping grouping;
};

using SpoutFactory = std::function<std::unique_ptr<Spout>()>;
using BoltFactory = std::function<std::unique_ptr<Bolt>()>;
using BasicBoltFactory = std::function<std::unique_ptr<BasicBolt>()>;

/// One spout or bolt. Streams keep the order of declaration, except that "default" is moved to the
/// front; see stream_index() for how emit() counts them.
struct ComponentDef {
  std::string name;
  std::vector<StreamDef> streams;
  std::vector<InputDef> inputs;
  std::uint32_t executors = 1;
  std::uint32_t tasks = 1;
  bool blocking = false;
  bool fuse = true;
  Config config;
  std::variant<SpoutFactory, BoltFactory, BasicBoltFactory> factory;

  bool is_spout() const { return std::holds_alternative<SpoutFactory>(factory); }
  /// Null if there is no such stream.
  RAFALE_API const StreamDef* stream(std::string_view stream_name) const;
};

/// The index that emit() uses for a declared stream; nothing if there is no such stream. 0 is the
/// default stream's and stays free if that is not declared; named streams have 1, 2, ... in the
/// order of their declaration.
RAFALE_API std::optional<StreamId> stream_index(const ComponentDef& component,
                                                std::string_view stream_name);
/// One more than the highest index that stream_index() can give, at least 1.
RAFALE_API std::size_t stream_slots(const ComponentDef& component);

/// A setting of the topology's own, for help, validation and "did you mean".
struct OptionDef {
  std::string key;
  Value fallback;
  std::string help;
};

/// A whole, valid topology; components in name order. Immutable; copying shares nothing.
struct RAFALE_API Topology {
  std::string name;
  std::vector<ComponentDef> components;
  std::vector<OptionDef> options;
  Config config;
  DeadLetterDef dead_letters;

  /// Null if there is no such component.
  const ComponentDef* component(std::string_view component_name) const;
};

}  // namespace rafale
