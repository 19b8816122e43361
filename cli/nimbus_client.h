// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls to the Nimbus that leads, found through any of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/cluster_config.h"

namespace rafale::cli {

/// What submit and plan send besides the plugin.
struct Submission {
  std::string name;
  std::string plugin_handle;                    ///< of upload(); empty in a dry run
  nlohmann::ordered_json graph;                 ///< as `rafale describe -o json` prints it
  std::map<std::string, std::string> settings;  ///< what the user set: key -> YAML text
  bool inactive = false;
  bool dry_run = false;
};

/// What rebalance changes; what is not set stays.
struct RebalanceCall {
  std::string name;
  std::optional<std::uint32_t> workers;
  std::map<std::string, std::uint32_t> executors;
  std::optional<std::uint32_t> wait_secs;
  bool dry_run = false;
};

/// One user's connection to a cluster. Every call has a deadline and follows the leader; calls that
/// change something bear a request id, so that a repetition after a lost answer is safe. Answers
/// are JSON as the verbs print it; views_codec.h says which. Errors are worded for the user; what
/// to do about them is said where it is known. One thread at a time.
class NimbusClient {
 public:
  explicit NimbusClient(const common::ClusterConfig& config);
  ~NimbusClient();

  absl::StatusOr<nlohmann::ordered_json> cluster();
  absl::StatusOr<nlohmann::ordered_json> list();
  /// `window`: "600", "10800", "86400" or ":all-time".
  absl::StatusOr<nlohmann::ordered_json> status(const std::string& name, const std::string& window);
  absl::StatusOr<nlohmann::ordered_json> errors(const std::string& name);

  /// Sends a file in pieces; `progress(sent, total)` after each. Returns the handle for submit().
  absl::StatusOr<std::string> upload(
      const std::string& path, const std::function<void(std::uint64_t, std::uint64_t)>& progress);
  absl::StatusOr<nlohmann::ordered_json> submit(const Submission& submission);
  absl::StatusOr<nlohmann::ordered_json> kill(const std::string& name,
                                              std::optional<std::uint32_t> wait_secs);
  absl::StatusOr<nlohmann::ordered_json> activate(const std::string& name);
  absl::StatusOr<nlohmann::ordered_json> deactivate(const std::string& name);
  absl::StatusOr<nlohmann::ordered_json> rebalance(const RebalanceCall& call);

  /// Answers of one Nimbus, whether it leads or not, for `doctor`.
  absl::StatusOr<nlohmann::ordered_json> cluster_by(const std::string& address);

  void set_timeout(std::chrono::milliseconds timeout);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rafale::cli
