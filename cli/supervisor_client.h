// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls to a supervisor: the logs of its workers.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "common/security.h"

namespace rafale::cli {

/// Which lines of which worker.
struct LogCall {
  std::string topology;
  std::uint32_t port = 0;  ///< slot
  std::uint32_t lines = 0;
  bool follow = false;
  std::string component;
};

/// Calls `on_line` for each line until the log ends or, when following, the supervisor does.
absl::Status read_log(const std::string& address, const common::Security& security,
                      const LogCall& call, const std::function<void(const std::string&)>& on_line);

}  // namespace rafale::cli
