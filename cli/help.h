// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The texts of help that are not those of one verb, and the hint for a misspelt word.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rafale::cli {

/// The list of verbs.
std::string overview();
/// The settings of the runtime.
std::string settings_help();

/// Complains that `what` does not know `word` and names the nearest of `known`, with what stands
/// between "rafale" and it. Returns the exit code of a wrong call.
int unknown_word(std::string_view what, const std::string& word,
                 const std::vector<std::string>& known, std::string_view prefix);

}  // namespace rafale::cli
