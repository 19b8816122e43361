// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Common options, settings and complaints.

#include "cli/cluster_call.h"

#include <charconv>

#include <fmt/format.h>

#include "absl/strings/str_split.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {

void ClusterCall::declare(Arguments& arguments, bool output_too) {
  arguments.list("-c", assignments).option("--config", config_file);
  if (output_too) arguments.choice("-o,--output", output, {"table", "json", "yaml"});
}

absl::StatusOr<common::ClusterConfig> ClusterCall::config() const {
  return common::ClusterConfig::load(config_file, assignments);
}

int failed(const absl::Status& status) {
  for (const absl::string_view line : absl::StrSplit(status.message(), '\n', absl::SkipEmpty())) {
    complain({line.data(), line.size()});
  }
  if (status.message().empty()) complain(status.ToString());
  return absl::IsInvalidArgument(status) ? kWrongCall : kFailure;
}

absl::StatusOr<std::uint32_t> parse_number(std::string_view option, const std::string& text,
                                           std::uint32_t least, std::uint32_t most) {
  std::uint32_t number = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && at == end && number >= least && number <= most) return number;
  return absl::InvalidArgumentError(
      fmt::format("{} takes a number from {} to {}, not '{}'", option, least, most, text));
}

}  // namespace rafale::cli
