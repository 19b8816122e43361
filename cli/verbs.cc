// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The list of verbs.

#include <algorithm>
#include <array>
#include <utility>

#include "cli/verb.h"

namespace rafale::cli {

std::span<const Verb* const> verbs() {
  static constexpr std::array kVerbs{&kLocal,      &kDescribe,   &kValidate,   &kSubmit, &kPlan,
                                     &kList,       &kStatus,     &kTop,        &kKill,   &kActivate,
                                     &kDeactivate, &kRebalance,  &kLogs,       &kErrors, &kDlq,
                                     &kNimbus,     &kSupervisor, &kDevCluster, &kCerts,  &kDoctor,
                                     &kCompletion, &kVersion,    &kHelp};
  return kVerbs;
}

const Verb* find_verb(std::string_view name) {
  // Verbs that Storm calls otherwise.
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kAliases{
      {{"jar", "submit"}, {"get-errors", "errors"}, {"monitor", "top"}}};
  const auto alias = std::ranges::find(kAliases, name, [](const auto& pair) { return pair.first; });
  if (alias != kAliases.end()) name = alias->second;
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
