// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What all verbs that speak to a cluster have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/arguments.h"
#include "common/cluster_config.h"

namespace rafale::cli {

/// The last lines of these verbs' help: which cluster is meant.
#define RAFALE_CLUSTER_OPTIONS                                                            \
  "  -c KEY=VALUE        a setting of the cluster, as -c nimbus.seeds=10.0.0.7; may be\n" \
  "                      repeated\n"                                                      \
  "  --config FILE       the cluster's settings (default: $RAFALE_CONFIG, then\n"         \
  "                      /etc/rafale/rafale.yaml)\n"                                      \
  "  -h, --help          this text\n"

struct ClusterCall {
  std::string config_file;
  std::vector<std::string> assignments;
  std::string output;  ///< table, json or yaml

  /// Adds --config and -c, and unless `output_too` is false -o.
  void declare(Arguments& arguments, bool output_too = true);
  /// The settings; INVALID_ARGUMENT, a line for each mistake.
  absl::StatusOr<common::ClusterConfig> config() const;
};

/// Complains and returns the exit code: 2 for INVALID_ARGUMENT, else 1.
int failed(const absl::Status& status);

/// A whole number from `least` to `most`, or what is wrong, naming the option.
absl::StatusOr<std::uint32_t> parse_number(std::string_view option, const std::string& text,
                                           std::uint32_t least, std::uint32_t most);

}  // namespace rafale::cli
