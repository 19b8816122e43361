// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What each verb of `rafale` consists of. One file per verb defines one of these.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rafale::cli {

/// Exit codes of all verbs.
inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;    ///< the operation failed
inline constexpr int kWrongCall = 2;  ///< arguments or settings are wrong

struct Verb {
  std::string_view name;
  std::string_view summary;  ///< a few words for the list of verbs
  std::string_view help;     ///< the whole text of `rafale help VERB`
  /// Runs the verb with the arguments after its name; returns the exit code.
  int (*run)(const std::vector<std::string>& arguments);
};

extern const Verb kLocal;
extern const Verb kDescribe;
extern const Verb kValidate;
extern const Verb kSubmit;
extern const Verb kPlan;
extern const Verb kList;
extern const Verb kStatus;
extern const Verb kTop;
extern const Verb kKill;
extern const Verb kActivate;
extern const Verb kDeactivate;
extern const Verb kRebalance;
extern const Verb kLogs;
extern const Verb kErrors;
extern const Verb kDlq;
extern const Verb kNimbus;
extern const Verb kSupervisor;
extern const Verb kDevCluster;
extern const Verb kCerts;
extern const Verb kDoctor;
extern const Verb kCompletion;
extern const Verb kVersion;
extern const Verb kHelp;

/// All verbs, in the order in which help lists them.
std::span<const Verb* const> verbs();
/// Also by Storm's name of it, as get-errors for errors. Null if there is no such verb.
const Verb* find_verb(std::string_view name);
/// Names of all verbs, for hints.
std::vector<std::string> verb_names();

}  // namespace rafale::cli
