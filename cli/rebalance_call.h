// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The options of rebalance, which plan takes too.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/arguments.h"
#include "cli/nimbus_client.h"

namespace rafale::cli {

struct RebalanceWords {
  std::string workers;
  std::vector<std::string> executors;
  std::string wait;

  void declare(Arguments& arguments);
  /// INVALID_ARGUMENT for what is no number.
  absl::StatusOr<RebalanceCall> read(const std::string& topology) const;
};

}  // namespace rafale::cli
