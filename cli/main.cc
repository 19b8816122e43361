// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// rafale: finds the verb, runs it, and sees to it that its output arrived.

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "cli/help.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

constexpr int kBrokenPipe = 141;  // as of a process that SIGPIPE ended

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    fmt::print(stderr, "{}", overview());
    return kWrongCall;
  }
  std::string name = arguments.front();
  if (name == "-h" || name == "--help") name = "help";
  if (name == "-v" || name == "--version") name = "version";
  const Verb* verb = find_verb(name);
  if (verb == nullptr) return unknown_word("there is no verb", name, verb_names(), "");
  return verb->run({arguments.begin() + 1, arguments.end()});
}

// Output that could not be written is a failure, except that a reader may leave when it has enough.
int check_output(int exit_code) {
  errno = 0;
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return exit_code;
  if (errno == EPIPE) return kBrokenPipe;
  complain(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  return exit_code == kSuccess ? kFailure : exit_code;
}

int run_main(const std::vector<std::string>& arguments) {
  try {
    return check_output(dispatch(arguments));
  } catch (const std::system_error& e) {
    // fmt reports a failed write so.
    return e.code().value() == EPIPE ? kBrokenPipe : (complain(e.what()), kFailure);
  } catch (const std::exception& e) {
    complain(fmt::format("internal error: {}", e.what()));
    return kFailure;
  }
}

}  // namespace
}  // namespace rafale::cli

int main(int argc, char** argv) {
  return rafale::cli::run_main({argv + (argc > 0 ? 1 : 0), argv + argc});
}
