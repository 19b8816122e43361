// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The parser of options.h.

#include "worker/local/options.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"

namespace rafale::worker {
namespace {

absl::Status wrong(std::string_view option, std::string_view value) {
  return absl::InvalidArgumentError(fmt::format("{} cannot be '{}'", option, value));
}

absl::StatusOr<std::int64_t> number(std::string_view option, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return wrong(option, text);
  }
  return value;
}

absl::Status set_number(LocalModeOptions& options, const std::string& name,
                        const std::string& value) {
  const auto parsed = number(name, value);
  if (!parsed.ok()) return parsed.status();
  if (name == "--for-ms") {
    options.run_for = std::chrono::milliseconds(*parsed);
  } else if (name == "--stats-ms") {
    if (*parsed == 0) return wrong(name, value);
    options.stats_every = std::chrono::milliseconds(*parsed);
  } else {
    if (*parsed > 4096) return wrong(name, value);
    options.threads = static_cast<unsigned>(*parsed);
  }
  return absl::OkStatus();
}

absl::Status set_option(LocalModeOptions& options, const std::string& name,
                        const std::string& value) {
  if (name == "--config") {
    options.config_file = value;
  } else if (name == "-c") {
    options.assignments.push_back(value);
  } else if (name == "--for-ms" || name == "--stats-ms" || name == "--threads") {
    return set_number(options, name, value);
  } else if (name == "--output") {
    if (value != "text" && value != "json") return wrong(name, value);
    options.output = value == "json" ? OutputFormat::json : OutputFormat::text;
  } else if (name == "--log-level") {
    const auto level = common::log::parse_level(value);
    if (!level.ok()) return level.status();
    options.log_level = *level;
  } else if (name == "--log-format") {
    const auto format = common::log::parse_format(value);
    if (!format.ok()) return format.status();
    options.log_format = *format;
  } else {
    return absl::InvalidArgumentError(fmt::format("there is no option {}", name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LocalModeOptions> parse_local_options(const std::vector<std::string>& arguments) {
  LocalModeOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--until-done") {
      options.until_done = true;
    } else if (!name.starts_with("-") && options.plugin.empty()) {
      options.plugin = name;
    } else if (++i < arguments.size()) {
      if (absl::Status status = set_option(options, name, arguments[i]); !status.ok()) {
        return status;
      }
    } else {
      return absl::InvalidArgumentError(fmt::format("{} needs a value, or is unknown", name));
    }
  }
  if (options.plugin.empty()) return absl::InvalidArgumentError("a plugin is missing");
  return options;
}

}  // namespace rafale::worker
