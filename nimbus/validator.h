// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What Nimbus accepts. The same checks for submits and rebalances. Pure, except for check_plugin().
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "coord/types.h"

namespace rafale::nimbus {

/// Letters, digits, '_', '.', '-', not first a sign, no "..", at most 128.
absl::Status check_name(const std::string& what, const std::string& name);
/// INVALID_ARGUMENT that says all that is wrong, a line each.
absl::Status check_spec(const coord::TopologySpec& spec);
/// A rebalance's wishes against the spec.
absl::Status check_rebalance(const coord::TopologySpec& spec, std::uint32_t workers,
                             const std::map<std::string, std::uint32_t>& executors);
/// A shared library for machines like this one, by its ELF header; its code is never loaded here.
absl::Status check_plugin(const std::string& path);

}  // namespace rafale::nimbus
