// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The list of verbs.

#include <algorithm>
#include <array>

#include "cli/verb.h"

namespace rafale::cli {

std::span<const Verb* const> verbs() {
  static constexpr std::array kVerbs{&kLocal, &kDescribe, &kValidate, &kVersion, &kHelp};
  return kVerbs;
}

const Verb* find_verb(std::string_view name) {
  const auto all = verbs();
  const auto found = std::ranges::find(all, name, &Verb::name);
  return found == all.end() ? nullptr : *found;
}

std::vector<std::string> verb_names() {
  std::vector<std::string> names;
  for (const Verb* verb : verbs()) names.emplace_back(verb->name);
  return names;
}

}  // namespace rafale::cli
