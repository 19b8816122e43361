// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Ways to break a rule of the cluster on purpose: each must be found by the checker.
#pragma once

#include <cstdint>

namespace rafale::cluster_sim {

/// What the simulation does wrong. Coordinator, scheduler, reconciler and membership are the same
/// in all of them; broken is who uses them.
enum class Mutant : std::uint8_t {
  none,
  active_after_rebalance,  ///< Nimbus forgets that a topology was inactive before a rebalance
  no_hold,                 ///< a new leader judges at once
  places_at_once,          ///< submits and sweeps place at the same time
  same_instance,           ///< a supervisor starts a dead worker again as the same instance
  forgets_slots,           ///< a new supervisor does not look for the workers of the old one
  absence_is_an_order,     ///< a supervisor that cannot read believes that nothing is wanted
  no_burial,               ///< supervisors do not look at tombstones
  any_epoch,               ///< workers take assignments that are older than theirs
  unfenced,                ///< workers go on though a newer instance of them exists
  count,
};

constexpr const char* name(Mutant mutant) {
  constexpr const char* kNames[] = {
      "none",          "active_after_rebalance", "no_hold",   "places_at_once", "same_instance",
      "forgets_slots", "absence_is_an_order",    "no_burial", "any_epoch",      "unfenced"};
  static_assert(sizeof kNames / sizeof kNames[0] == static_cast<unsigned>(Mutant::count));
  return kNames[static_cast<unsigned>(mutant)];
}

}  // namespace rafale::cluster_sim
