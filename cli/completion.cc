// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale completion`: scripts that complete verbs, options and topology names.

#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kCompletionText = R"(usage: rafale completion bash|zsh|fish

Prints a script by which the shell completes verbs, options, plugins, and the names of running
topologies.

options:
  -h, --help  this text

exit codes:
  0  printed
  2  the call is wrong

examples:
  rafale completion zsh > ~/.zfunc/_rafale
  source <(rafale completion bash)
  rafale completion fish > ~/.config/fish/completions/rafale.fish
)";

/// Verbs whose operand is a running topology, and those that take a plugin.
const std::set<std::string_view> kOfTopologies{
    "status", "top", "kill", "activate", "logs", "errors", "rebalance", "deactivate", "plan"};
const std::set<std::string_view> kOfPlugins{"submit", "local", "describe", "validate", "plan"};

/// The options that a verb's help text names.
std::string options_in(std::string_view help) {
  std::set<std::string> options;
  for (std::size_t at = 0; (at = help.find("--", at)) != std::string_view::npos;) {
    std::size_t end = at + 2;
    while (end < help.size() && (help[end] == '-' || (help[end] >= 'a' && help[end] <= 'z'))) ++end;
    if (end > at + 2 && (at == 0 || help[at - 1] == ' ' || help[at - 1] == '[')) {
      options.insert(std::string(help.substr(at, end - at)));
    }
    at = end;
  }
  std::string text;
  for (const std::string& option : options) text += (text.empty() ? "" : " ") + option;
  return text;
}

std::string words_of(const std::set<std::string_view>& names, const char* between) {
  std::string text;
  for (const std::string_view name : names) {
    text += text.empty() ? "" : between;
    text += name;
  }
  return text;
}

std::string bash_script() {
  std::string names;
  std::string cases;
  for (const Verb* verb : verbs()) {
    names += (names.empty() ? "" : " ") + std::string(verb->name);
    cases += fmt::format("    {}) options=\"{}\" ;;\n", verb->name, options_in(verb->help));
  }
  return fmt::format(R"sh(# bash completion for rafale
_rafale() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} verb=${{COMP_WORDS[1]}} options=""
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "{}" -- "$word"))
    return
  fi
  case $verb in
{}  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$word"))
    return
  fi
  case $verb in
    {}) COMPREPLY=($(compgen -W "$(rafale list --names 2> /dev/null)" -- "$word")) ;;
    dlq) COMPREPLY=($(compgen -W "list show replay purge" -- "$word")
           $(compgen -W "$(rafale list --names 2> /dev/null)" -- "$word")) ;;
    dev-cluster) COMPREPLY=($(compgen -W "start stop status" -- "$word")) ;;
    certs)
      case $COMP_CWORD in
        2) COMPREPLY=($(compgen -W "dev init issue show" -- "$word")) ;;
        3) COMPREPLY=($(compgen -W "nimbus supervisor worker user" -- "$word")
             $(compgen -f -X '!*.pem' -- "$word")) ;;
      esac ;;
    help) COMPREPLY=($(compgen -W "{} settings" -- "$word")) ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$word")) ;;
  esac
  case $verb in
    {}) COMPREPLY+=($(compgen -f -X '!*.so' -- "$word") $(compgen -d -- "$word")) ;;
  esac
}}
complete -o filenames -F _rafale rafale
)sh",
                     names, cases, words_of(kOfTopologies, "|"), names, words_of(kOfPlugins, "|"));
}

std::string fish_script() {
  std::string text = "# fish completion for rafale\ncomplete -c rafale -f\n";
  for (const Verb* verb : verbs()) {
    text += fmt::format("complete -c rafale -n __fish_use_subcommand -a {} -d '{}'\n", verb->name,
                        verb->summary);
  }
  for (const std::string_view verb : kOfTopologies) {
    text += fmt::format(
        "complete -c rafale -n '__fish_seen_subcommand_from {}' -a '(rafale list --names "
        "2>/dev/null)'\n",
        verb);
  }
  text +=
      "complete -c rafale -n '__fish_seen_subcommand_from certs' -F -a 'dev init issue show "
      "nimbus supervisor worker user'\n";
  for (const std::string_view verb : kOfPlugins) {
    text += fmt::format("complete -c rafale -n '__fish_seen_subcommand_from {}' -F\n", verb);
  }
  return text;
}

int run_completion(const std::vector<std::string>& given) {
  std::string shell;
  Arguments arguments(kCompletion);
  arguments.operand("bash, zsh or fish", shell);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  if (shell == "bash") {
    fmt::print("{}", bash_script());
  } else if (shell == "zsh") {
    fmt::print("#compdef rafale\nautoload -U +X bashcompinit && bashcompinit\n{}", bash_script());
  } else if (shell == "fish") {
    fmt::print("{}", fish_script());
  } else {
    complain(fmt::format("completion knows bash, zsh and fish, not '{}'", shell));
    return kWrongCall;
  }
  return kSuccess;
}

}  // namespace

const Verb kCompletion{"completion", "print a script for the shell's completion", kCompletionText,
                       run_completion};

}  // namespace rafale::cli
