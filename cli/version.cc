// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale version`: which Rafale this is, and which plugins fit it.

#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/arguments.h"
#include "cli/verb.h"
#include "git_describe.h"
#include "rafale/plugin.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kVersionText = R"(usage: rafale version [OPTION]...

Shows the version, the commit that it was built from, and what a plugin must have in common with
it: the ABI number of the SDK and the C++ standard library.

options:
  -o, --output FORM   text or json (default text)
  -h, --help          this text

exit codes:
  0  always, but for a wrong call: 2

examples:
  rafale version
  rafale version -o json | jq .abi
)";

constexpr std::string_view kCommit = RAFALE_GIT_DESCRIBE;
#if defined(__clang__)
constexpr std::string_view kCompiler = "clang " __clang_version__;
#else
constexpr std::string_view kCompiler = "g++ " __VERSION__;
#endif

int run_version(const std::vector<std::string>& given) {
  std::string output;
  Arguments arguments(kVersion);
  arguments.choice("-o,--output", output, {"text", "json"});
  if (const auto exit_code = arguments.parse(given)) return *exit_code;

  if (output == "json") {
    const nlohmann::ordered_json json{{"version", RAFALE_VERSION_STRING},
                                      {"commit", kCommit},
                                      {"abi", kAbiVersion},
                                      {"compiler", kCompiler},
                                      {"plugins", RAFALE_COMPILER}};
    fmt::print("{}\n", json.dump());
    return kSuccess;
  }
  fmt::print("rafale {}{}\n", RAFALE_VERSION_STRING,
             kCommit.empty() ? "" : fmt::format(" ({})", kCommit));
  fmt::print("built with {}; plugins need ABI {} and {}\n", kCompiler, kAbiVersion,
             RAFALE_COMPILER);
  return kSuccess;
}

}  // namespace

const Verb kVersion{"version", "show the version, and which plugins fit it", kVersionText,
                    run_version};

}  // namespace rafale::cli
