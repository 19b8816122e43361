// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Log lines in one format for all programs: a thin set-up of spdlog.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/spdlog.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rafale::common::log {

enum class Format {
  text,  ///< 2026-11-22T07:24:18.123Z INFO  [name] message
  json,  ///< {"ts":"2026-11-22T07:24:18.123Z","level":"INFO","logger":"name","msg":"message"}
};

/// From "trace", "debug", "info", "warn", "error" or "off", in any case; INVALID_ARGUMENT lists
/// them.
absl::StatusOr<spdlog::level::level_enum> parse_level(std::string_view name);
/// From "text" or "json".
absl::StatusOr<Format> parse_format(std::string_view name);

/// The formatter of a format: UTC, one line per message. Line ends within a message are escaped, as
/// a reader must be able to trust that each line starts with its time.
std::unique_ptr<spdlog::formatter> make_formatter(Format format, bool colour);

/// Sends all loggers made afterwards to standard error. Call once, at the start of main(), before
/// there are threads.
void set_up(Format format, spdlog::level::level_enum level, bool colour);

/// A logger of that name, "comp:task" for a task. Cheap enough for once per component, too slow for
/// once per message. Any thread.
std::shared_ptr<spdlog::logger> make(std::string name);

}  // namespace rafale::common::log
