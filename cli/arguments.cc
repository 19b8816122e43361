// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Declaring, parsing and hinting of arguments.h.

#include "cli/arguments.h"

#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/terminal.h"
#include "rafale/config.h"

namespace rafale::cli {

Arguments::Arguments(const Verb& verb) : verb_(verb), app_(std::make_unique<CLI::App>()) {
  app_->set_help_flag();
  app_->allow_extras();
  app_->add_option("operands", given_operands_);
  flag("-h,--help", help_);
}

Arguments::~Arguments() = default;

Arguments& Arguments::operand(const std::string& name, std::string& value) {
  operands_.push_back({name, &value, true});
  return *this;
}

Arguments& Arguments::optional_operand(const std::string& name, std::string& value) {
  operands_.push_back({name, &value, false});
  return *this;
}

Arguments& Arguments::flag(const std::string& names, bool& value) {
  app_->add_flag(names, value)->disable_flag_override();
  return *this;
}

Arguments& Arguments::option(const std::string& names, std::string& value) {
  app_->add_option(names, value)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  return *this;
}

Arguments& Arguments::list(const std::string& names, std::vector<std::string>& values) {
  // One value each time, or -c a=1 x.so would swallow the plugin.
  app_->add_option(names, values)->allow_extra_args(false);
  return *this;
}

Arguments& Arguments::choice(const std::string& names, std::string& value,
                             std::vector<std::string> words) {
  choices_.push_back({names.substr(0, names.find(',')), &value, std::move(words)});
  return option(names, value);
}

std::optional<int> Arguments::parse(const std::vector<std::string>& given) {
  try {
    app_->parse(std::vector<std::string>(given.rbegin(), given.rend()));
  } catch (const CLI::ArgumentMismatch& e) {
    // Its text is "--for: 1 required TEXT missing".
    const std::string text = e.what();
    return wrong_call(fmt::format("{} needs a value", text.substr(0, text.find(':'))));
  } catch (const CLI::ParseError& e) {
    return wrong_call(e.what());
  }
  if (help_) {
    print_with_headings(verb_.help);
    return kSuccess;
  }
  for (const std::string& extra : app_->remaining()) {
    if (extra.size() > 1 && extra.starts_with('-') && extra != "--") {
      return wrong_call(unknown_option(extra));
    }
  }
  for (const std::string& mistake : {take_operands(), check_choices()}) {
    if (!mistake.empty()) return wrong_call(mistake);
  }
  return std::nullopt;
}

int Arguments::wrong_call(const std::string& text) const {
  complain(fmt::format("{}{} 'rafale help {}'", text, text.ends_with('?') ? " See" : "; see",
                       verb_.name));
  return kWrongCall;
}

std::string Arguments::unknown_option(const std::string& option) const {
  const std::string name = option.substr(0, option.find('='));
  std::vector<std::string> known;
  for (const CLI::Option* candidate : app_->get_options()) {
    for (const std::string& long_name : candidate->get_lnames()) known.push_back(long_name);
    for (const std::string& short_name : candidate->get_snames()) known.push_back(short_name);
  }
  std::string hint = nearest(name.substr(name.find_first_not_of('-')), known);
  if (hint.empty()) return fmt::format("{} has no option {}", verb_.name, name);
  return fmt::format("{} has no option {}; did you mean {}{}?", verb_.name, name,
                     hint.size() == 1 ? "-" : "--", hint);
}

std::string Arguments::take_operands() {
  if (given_operands_.size() > operands_.size()) {
    return fmt::format("'{}' is one argument too many", given_operands_[operands_.size()]);
  }
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    const Operand& operand = operands_[i];
    if (i < given_operands_.size()) {
      *operand.value = given_operands_[i];
    } else if (operand.required) {
      return fmt::format("{} needs a {}", verb_.name, operand.name);
    }
  }
  return {};
}

std::string Arguments::check_choices() const {
  for (const Choice& choice : choices_) {
    bool known = false;
    for (const std::string& word : choice.words) known = known || word == *choice.value;
    if (known || choice.value->empty()) continue;
    const std::string hint = nearest(*choice.value, choice.words);
    return fmt::format("{} takes {}, not '{}'{}", choice.option, fmt::join(choice.words, " or "),
                       *choice.value, hint.empty() ? "" : fmt::format("; did you mean {}?", hint));
  }
  return {};
}

}  // namespace rafale::cli
