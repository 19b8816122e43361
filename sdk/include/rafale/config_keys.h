// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The settings that the runtime itself understands: one table for help, validation and defaults.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "rafale/config.h"
#include "rafale/export.h"
#include "rafale/schema.h"
#include "rafale/value.h"

namespace rafale {

/// One setting of the runtime. All views point to static text.
struct ConfigKey {
  std::string_view key;
  /// null: any type. A float64 may be given as an int64, a string as any scalar.
  FieldType type;
  /// The value when nothing is set, as text; empty if there is none.
  std::string_view fallback;
  /// One line, without the key and the default.
  std::string_view help;
  /// Not empty: the setting is accepted but ignored, or not heeded in full; this says why.
  std::string_view note;
  /// The allowed texts, separated by '|'; empty: any.
  std::string_view choices = {};
  /// Bounds of a number.
  double at_least = -std::numeric_limits<double>::infinity();
  double at_most = std::numeric_limits<double>::infinity();
};

/// All settings of the runtime, in the order of their names.
///
///   for (const ConfigKey& k : runtime_config_keys()) std::cout << k.key << "  " << k.help << '\n';
RAFALE_API std::span<const ConfigKey> runtime_config_keys();

/// The entry of that name; null if the runtime knows no such setting.
RAFALE_API const ConfigKey* find_runtime_config_key(std::string_view key);

/// Milliseconds between two tick tuples of a component with these settings; 0: it gets none. Throws
/// std::invalid_argument for a value of a wrong type.
RAFALE_API std::int64_t tick_interval_ms(const Config& config);

/// What is wrong with `value` for this setting, as one line that begins with the key; nothing if it
/// will do. Null always will: it means "not set".
RAFALE_API std::optional<std::string> config_mistake(const ConfigKey& key, const Value& value);

}  // namespace rafale
