// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale help`: all verbs, one verb, or the settings of the runtime.

#include "cli/help.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "rafale/config.h"
#include "rafale/config_keys.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kHelpText = R"(usage: rafale help [VERB | settings]

Explains a verb, or lists the settings that the runtime understands in -c and --config. Without an
argument it lists the verbs. The options of one topology are shown by rafale describe.

examples:
  rafale help local
  rafale help settings | grep timeout
)";

void append_setting(const ConfigKey& setting, std::string& to) {
  to += fmt::format("  {}\n      {}", setting.key, setting.help);
  if (!setting.choices.empty()) {
    std::string choices(setting.choices);
    std::ranges::replace(choices, '|', ' ');
    to += fmt::format("; one of: {}", choices);
  }
  if (!setting.fallback.empty()) to += fmt::format(" (default {})", setting.fallback);
  to += '\n';
}

int run_help(const std::vector<std::string>& given) {
  std::string topic;
  Arguments arguments(kHelp);
  arguments.optional_operand("VERB", topic);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;

  if (topic.empty()) {
    print_with_headings(overview());
  } else if (topic == "settings") {
    print_with_headings(settings_help());
  } else if (const Verb* verb = find_verb(topic)) {
    print_with_headings(verb->help);
  } else {
    std::vector<std::string> topics = verb_names();
    topics.emplace_back("settings");
    return unknown_word("help has no text about", topic, topics, "help ");
  }
  return kSuccess;
}

}  // namespace

std::string overview() {
  std::string text = "usage: rafale VERB [ARGUMENT]...\n\nRuns streaming topologies.\n\nverbs:\n";
  for (const Verb* verb : verbs()) {
    text += fmt::format("  {:<12} {}\n", verb->name, verb->summary);
  }
  return text + R"(
'rafale help VERB' and 'rafale VERB --help' explain a verb, 'rafale help settings' the settings.

examples:
  rafale local word_count.so --until-done
  rafale describe word_count.so
)";
}

std::string settings_help() {
  std::string text = "settings of the runtime, for -c KEY=VALUE and --config FILE:\n";
  std::string ignored;
  for (const ConfigKey& setting : runtime_config_keys()) {
    if (setting.note.empty()) {
      append_setting(setting, text);
    } else {
      ignored += fmt::format("  {}\n      {}\n", setting.key, setting.note);
    }
  }
  return text + "\nknown from Storm, and accepted with a note:\n" + ignored;
}

int unknown_word(std::string_view what, const std::string& word,
                 const std::vector<std::string>& known, std::string_view prefix) {
  const std::string hint = nearest(word, known);
  complain(hint.empty()
               ? fmt::format("{} '{}'; 'rafale help' lists what there is", what, word)
               : fmt::format("{} '{}'; did you mean 'rafale {}{}'?", what, word, prefix, hint));
  return kWrongCall;
}

const Verb kHelp{"help", "explain a verb, or list all settings", kHelpText, run_help};

}  // namespace rafale::cli
