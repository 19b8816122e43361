// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Keeps an ephemeral node of ours in place.
#pragma once

#include <memory>
#include <string>

#include "coord/store.h"

namespace rafale::coord {

/// One look at an ephemeral node that shall be ours: puts it there, or replaces it in one multi, if
/// it is not. `again`: the outcome is unknown, look again at once.
struct NodeLook {
  bool held = false;
  bool again = false;
};
NodeLook look_after_node(Store& store, const std::string& path, const std::string& data);

/// Holds the ephemeral node `path` with `data` for as long as it lives: creates it, and after every
/// new connection verifies that the present session owns it, else replaces it in one multi. Watches
/// the node, so that a removal by others is repaired at once. Has a thread of its own.
class Registration {
 public:
  static std::unique_ptr<Registration> start(Store& store, std::string path, std::string data);
  virtual ~Registration() = default;  ///< removes the node if it is ours
  /// Whether the node was ours when last looked at. Any thread.
  virtual bool held() const = 0;
};

}  // namespace rafale::coord
