// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Ways to break the simulated surroundings on purpose: each must be found by the checker.
#pragma once

#include <cstdint>

namespace rafale::worker::sim {

/// What the simulation does wrong. The code under test is the same in all of them; broken is what
/// it is used by: links, workers, windows, user code.
enum class Mutant : std::uint8_t {
  none,
  no_dedup,              ///< links pass on frames that came twice
  no_resend,             ///< a reconnect loses what was under way
  dedup_by_worker,       ///< a new instance continues the link numbers of the old one
  unordered_links,       ///< frames of one link overtake each other
  acks_first,            ///< messages of emit records go after those of the acks
  emits_unreported,      ///< records are flushed without those of the open batches
  no_rebind,             ///< lanes keep the instance that an assignment replaced
  edges_dropped,         ///< the emit records of what rebind() drops are lost
  deaf_to_loss,          ///< trackers do not hear of lost workers
  forgets_the_dead,      ///< a new tracker does not hear of instances that died before
  any_incarnation,       ///< records of an earlier start reach the tracker as its own
  floor_of_the_head,     ///< the floor counts open roots as over
  floor_of_any_start,    ///< floors of one start are applied to another
  one_seed,              ///< all executors draw the same edges
  early_clock,           ///< the tracker's clock runs ahead
  ack_lost,              ///< now and then an ack record vanishes
  emit_lost,             ///< now and then an emit record vanishes
  row_lost,              ///< now and then a batch vanishes
  holds_windows,         ///< windows keep their input open instead of parking it
  acks_windows,          ///< windows ack their input at once
  releases_on_fire,      ///< windows release their input when they fire
  releases_out_of_turn,  ///< a window releases before all earlier ones are acked
  releases_overtake,     ///< a release goes before the parks
  hand_over_unordered,   ///< work handed over to an executor runs in any order
  kept_twice,            ///< user code acks a copy of an anchor
  count,
};

constexpr const char* name(Mutant mutant) {
  constexpr const char* kNames[] = {"none",
                                    "no_dedup",
                                    "no_resend",
                                    "dedup_by_worker",
                                    "unordered_links",

                                    "acks_first",
                                    "emits_unreported",
                                    "no_rebind",
                                    "edges_dropped",
                                    "deaf_to_loss",
                                    "forgets_the_dead",
                                    "any_incarnation",
                                    "floor_of_the_head",
                                    "floor_of_any_start",
                                    "one_seed",
                                    "early_clock",
                                    "ack_lost",
                                    "emit_lost",
                                    "row_lost",
                                    "holds_windows",
                                    "acks_windows",
                                    "releases_on_fire",
                                    "releases_out_of_turn",
                                    "releases_overtake",
                                    "hand_over_unordered",
                                    "kept_twice"};
  static_assert(sizeof kNames / sizeof kNames[0] == static_cast<unsigned>(Mutant::count));
  return kNames[static_cast<unsigned>(mutant)];
}

}  // namespace rafale::worker::sim
