// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Turns a plugin file into a topology, or into one sentence that says why not.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rafale/config.h"
#include "rafale/topology.h"

namespace rafale::worker {

/// Keeps a loaded library in memory.
class Library {
 public:
  explicit Library(void* handle) : handle_(handle) {}

 private:
  struct Close {
    void operator()(void* handle) const;
  };
  std::unique_ptr<void, Close> handle_;
};

/// A topology and the library whose code it consists of. Copies of the topology, everything that
/// its factories made and every exception that its code threw must be gone before this object is.
class LoadedTopology {
 public:
  LoadedTopology(Library library, Topology topology)
      : library_(std::move(library)), topology_(std::move(topology)) {}
  LoadedTopology(LoadedTopology&&) = default;
  // Assignment would close the old library before the old topology is gone.
  LoadedTopology& operator=(LoadedTopology&&) = delete;

  const Topology& topology() const { return topology_; }

 private:
  Library library_;  // first, so that it goes last
  Topology topology_;
};

/// Checks without running any of its code that a file is a plugin for this runtime: a shared
/// library for this machine that exports rafale_plugin with the right magic, ABI number and
/// compiler. NOT_FOUND if there is no such file, else FAILED_PRECONDITION; the message is one
/// sentence that names the file and the way out.
absl::Status check_plugin(const std::string& path);

/// Loads a plugin and builds its topology with the settings that the user gave. Errors are those of
/// check_plugin() and
///   FAILED_PRECONDITION  the library cannot be loaded,
///   INVALID_ARGUMENT     the topology has mistakes: one per line of the message,
///   ABORTED              the topology's own code threw something else.
absl::StatusOr<LoadedTopology> load_topology(const std::string& path, const Config& given);

}  // namespace rafale::worker
