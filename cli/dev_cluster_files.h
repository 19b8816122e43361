// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What `rafale dev-cluster` keeps in its directory: settings, logs, and which processes are its.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cli/detached.h"

namespace rafale::cli {

struct DevProcess {
  std::string name;  ///< "zookeeper", "nimbus-1", "supervisor-2"
  common::ProcessId process;
  std::string log;
};

/// One directory. Written anew whenever a process was started, so that stop finds all of them even
/// if start was interrupted.
class DevClusterFiles {
 public:
  explicit DevClusterFiles(std::string dir);
  /// $XDG_STATE_HOME/rafale/dev-cluster, or below ~/.local/state.
  static std::string default_dir();

  const std::string& dir() const { return dir_; }
  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  std::string config() const { return path("rafale.yaml"); }

  absl::Status make_dirs(const std::vector<std::string>& names) const;
  absl::Status write(const std::string& name, const std::string& text) const;

  /// Empty if no cluster was started here, or it was stopped.
  std::vector<DevProcess> processes() const;
  absl::Status save(const std::vector<DevProcess>& processes) const;
  /// Workers that supervisors of this directory started, by their slots' files.
  std::vector<common::ProcessId> workers() const;
  void remove_state() const;

 private:
  std::string dir_;
};

/// Settings files of a new cluster.
struct DevPorts {
  std::uint16_t zookeeper = 0;
  std::vector<std::uint16_t> nimbuses;
  std::vector<std::vector<std::uint16_t>> slots;  ///< by supervisor
};
std::string zookeeper_settings(const DevClusterFiles& files, std::uint16_t port);
std::string cluster_settings(const DevPorts& ports);

}  // namespace rafale::cli
