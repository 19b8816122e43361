// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Plugins and descriptions on this machine, by their SHA-256.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace rafale::supervisor {

/// A folder of files named by their hash. One thread at a time.
class ArtifactCache {
 public:
  /// Downloads a blob; the bytes are checked here.
  using Download = std::function<absl::StatusOr<std::string>(const std::string& sha256)>;

  ArtifactCache(std::string dir, Download download);

  /// The file's path, after its bytes were checked against its name: a damaged one is fetched
  /// again. DATA_LOSS if what comes is not what was asked for.
  absl::StatusOr<std::string> get(const std::string& sha256);
  /// Removes what is not in `used` and has not been touched for an hour.
  void clean(const std::set<std::string>& used);

 private:
  const std::string dir_;
  const Download download_;
};

}  // namespace rafale::supervisor
