// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The visibility macro of the SDK and the number that guards its binary interface.
#pragma once

#include <cstdint>

/// Marks a class or function that crosses the border between the runtime and a plugin.
#define RAFALE_API [[gnu::visibility("default")]]

namespace rafale {

/// Rises whenever the layout of an SDK type or the meaning of a virtual function changes. A plugin
/// carries the number that it was compiled with; the runtime refuses any other.
inline constexpr std::uint32_t kAbiVersion = 2;

}  // namespace rafale
