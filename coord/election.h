// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which of several Nimbus leads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "coord/cluster_state.h"
#include "coord/store.h"

namespace rafale::coord {

/// What a candidate knows of the election.
struct Standing {
  std::optional<LeaderToken> token{};  ///< if it leads
  std::optional<NimbusInfo> leader{};  ///< nothing if its node cannot be understood
};

/// One step of the recipe below for the candidate whose node is `own`: puts the node there if it is
/// not, else finds out who leads. `again`: the next step is to follow at once. No standing: it is
/// unknown, and what was known before still holds.
struct ElectionStep {
  bool again = false;
  std::optional<Standing> standing{};
};
ElectionStep step_of_election(Store& store, const std::string& folder, const std::string& own,
                              const NimbusInfo& self);

/// One candidate of an election: an ephemeral node with a GUID in its name below `root`/election;
/// the one that was created first leads. After a session has expired the candidate starts anew,
/// with no memory of having led. (The recipe: ZooKeeper Recipes, Leader Election; with czxid order
/// in place of sequence numbers, so that a create of unknown outcome is found again by its GUID.)
class Election {
 public:
  /// `changed` is called on the election's own thread whenever token() or leader() changed.
  static std::unique_ptr<Election> start(ClusterState& state, NimbusInfo self,
                                         std::function<void()> changed);
  virtual ~Election() = default;

  /// Our token if we lead and the store's lease holds at this moment; else nothing. Any thread.
  virtual std::optional<LeaderToken> token() const = 0;
  /// Who leads, as far as we know. Any thread.
  virtual std::optional<NimbusInfo> leader() const = 0;
  /// Leaves: another leads at once. Any thread; also by the destructor.
  virtual void resign() = 0;
};

}  // namespace rafale::coord
