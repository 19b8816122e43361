// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From a plugin and its settings to what Nimbus is asked for; common to submit and plan.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/cluster_call.h"
#include "cli/nimbus_client.h"
#include "cli/plugin_graph.h"

namespace rafale::cli {

/// The settings in `assignments` and in the call's file are sorted by is_cluster_key() of
/// common/cluster_keys.h: the cluster's stay in `cluster`, the others go to the plugin. The file
/// may hold both.
struct SubmissionCall {
  ClusterCall cluster;
  std::string plugin;
  std::string name;

  void declare(Arguments& arguments);
};

/// Has a child process describe the plugin, and collects the settings. Mistakes of the plugin are
/// reported at once and yield an empty message with code FAILED_PRECONDITION or INVALID_ARGUMENT.
absl::StatusOr<Submission> prepare_submission(SubmissionCall& call);
/// Prints what was not reported yet of its failure; the exit code.
int submission_failed(const absl::Status& status);
/// Prints what Nimbus remarked on it.
void print_notes(const nlohmann::ordered_json& answer);

}  // namespace rafale::cli
