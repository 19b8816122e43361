// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What `rafale` asks of `rafale-worker local`.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <spdlog/common.h>

#include "absl/status/statusor.h"
#include "common/log.h"

namespace rafale::worker {

enum class OutputFormat { text, json };

/// One run of a topology in this process.
struct LocalModeOptions {
  std::string plugin;
  std::string config_file;               ///< empty: none
  std::vector<std::string> assignments;  ///< KEY=VALUE
  std::optional<std::chrono::milliseconds> run_for;
  bool until_done = false;
  unsigned threads = 0;                                  ///< 0: one per core
  std::optional<std::chrono::milliseconds> stats_every;  ///< none: no statistics
  std::optional<OutputFormat> output;                    ///< none: what rafale.output says
  spdlog::level::level_enum log_level = spdlog::level::info;
  common::log::Format log_format = common::log::Format::text;
};

/// Reads what the command line of `rafale` passes on:
///
///   PLUGIN [--config FILE] [-c KEY=VALUE]... [--for-ms N] [--until-done] [--threads N]
///   [--stats-ms N] [--output text|json] [--log-level LEVEL] [--log-format text|json]
///
/// A contract between two programs of one release, not between a person and a program: there are no
/// abbreviations and no hints. INVALID_ARGUMENT for everything else.
absl::StatusOr<LocalModeOptions> parse_local_options(const std::vector<std::string>& arguments);

}  // namespace rafale::worker
