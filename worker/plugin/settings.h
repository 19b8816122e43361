// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The settings that a user gave on the command line and in a file, and who said what.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rafale/config.h"

namespace rafale::worker {

/// One line about something that is wrong.
struct Mistake {
  std::string text;
  bool given = false;  ///< lies in what the user passed, not in the topology
};

/// Settings with the place that each came from.
class GivenSettings {
 public:
  /// Reads `file` (none if empty), then `assignments` of the form key=value, which win. Values are
  /// typed as in common/yaml.h. INVALID_ARGUMENT, naming the place, for what cannot be read so.
  static absl::StatusOr<GivenSettings> read(const std::string& file,
                                            const std::vector<std::string>& assignments);

  const Config& config() const { return config_; }
  /// Sets what another option of the command line says.
  void set(const std::string& key, Value value) { config_.set(key, std::move(value)); }
  /// Sets what the user did not.
  void set_default(const std::string& key, Value value);

  /// Puts the place of the setting that each line of `mistakes` names before it, as in
  /// `rafale.yaml:3:5: unknown key "x"; did you mean "y"?`.
  std::vector<Mistake> locate(const std::string& mistakes) const;
  /// One line for each setting that the runtime accepts but does not heed, with the reason.
  std::vector<std::string> notes() const;

 private:
  Config config_;
  std::map<std::string, std::string> places_;  // "rafale.yaml:3:5" or "-c"
};

/// Why there is no topology, for a user to read.
struct LoadFailure {
  std::vector<std::string> lines;
  int exit_code = 1;  ///< of the process: 2 if only what the user passed is wrong
};

/// The failure of load_topology() that `status` stands for.
LoadFailure explain(const absl::Status& status, const GivenSettings& given);

}  // namespace rafale::worker
