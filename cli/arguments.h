// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The arguments of one verb: CLI11 with hints for what is misspelt.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/verb.h"

namespace CLI {
class App;
}

namespace rafale::cli {

/// Declares what a verb takes, then reads it. The variables must outlive parse().
///
///   Arguments arguments(kLocal);
///   arguments.operand("PLUGIN", plugin).option("--for", run_for).flag("--until-done", until_done);
///   if (const auto exit_code = arguments.parse(given)) return *exit_code;
class Arguments {
 public:
  explicit Arguments(const Verb& verb);
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  ~Arguments();

  /// An argument without a name, which must be given.
  Arguments& operand(const std::string& name, std::string& value);
  /// The same if it need not be given.
  Arguments& optional_operand(const std::string& name, std::string& value);
  Arguments& flag(const std::string& names, bool& value);
  /// Takes one value; the last one wins.
  Arguments& option(const std::string& names, std::string& value);
  /// Takes one value, and another each time it is given.
  Arguments& list(const std::string& names, std::vector<std::string>& values);
  /// Takes one of these words.
  Arguments& choice(const std::string& names, std::string& value, std::vector<std::string> words);

  /// Nothing if the verb may go on; else the exit code, after --help or a complaint with a hint.
  std::optional<int> parse(const std::vector<std::string>& given);

 private:
  struct Operand {
    std::string name;
    std::string* value;
    bool required;
  };
  struct Choice {
    std::string option;
    std::string* value;
    std::vector<std::string> words;
  };
  int wrong_call(const std::string& text) const;
  std::string unknown_option(const std::string& option) const;
  std::string take_operands();
  std::string check_choices() const;

  const Verb& verb_;
  std::unique_ptr<CLI::App> app_;
  bool help_ = false;
  std::vector<std::string> given_operands_;
  std::vector<Operand> operands_;
  std::vector<Choice> choices_;
};

}  // namespace rafale::cli
