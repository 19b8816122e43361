// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Settings from YAML text: dotted keys, typed values, and where in the file each stands.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace rafale::common {

/// A scalar or a sequence of values; a mapping only inside a sequence, as others become dotted
/// keys.
struct YamlValue {
  using Sequence = std::vector<YamlValue>;
  using Mapping = std::map<std::string, YamlValue>;
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Sequence, Mapping> data;
  friend bool operator==(const YamlValue&, const YamlValue&) = default;
};

/// One setting of a file.
struct YamlSetting {
  std::string key;  ///< "topology.workers", whether written so or as nested mappings
  YamlValue value;
  int line = 0;  ///< of the key, from 1
  int column = 0;
};

/// Types a plain scalar by the core schema of YAML 1.2: null, ~ and nothing are null; true and
/// false bools (yes, no, on and off are strings); 4, -4, 0x1f and 0o17 int64; 0.5, 1e3, .inf and
/// .nan double; the rest strings, as is anything in quotes. One deviation: decimal numbers with
/// needless leading zeros are strings, as they are identifiers that would lose their zeros. An
/// integer beyond 64 bits is INVALID_ARGUMENT.
absl::StatusOr<YamlValue> parse_yaml_scalar(std::string_view text);

/// The settings of one document, in the order of the file. INVALID_ARGUMENT, as
/// "name:line:column: what is wrong", for text that is no YAML, not a mapping, a key given twice
/// (in whatever spelling), more than one document, or nesting and aliases beyond any reasonable
/// size.
///
///   topology:                      topology.workers = 2
///     workers: 2          ->       topology.name = "x"
///   topology.name: x
absl::StatusOr<std::vector<YamlSetting>> parse_yaml_settings(const std::string& text,
                                                             const std::string& name);

/// As above from a file; NOT_FOUND or FAILED_PRECONDITION, naming it, if it cannot be read.
absl::StatusOr<std::vector<YamlSetting>> read_yaml_settings(const std::string& path);

}  // namespace rafale::common
