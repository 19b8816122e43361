// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The table that --stats prints while a topology runs.
#pragma once

#include <chrono>
#include <string>

#include "worker/metrics/snapshot.h"

namespace rafale::worker {

/// One line of totals and one per component. Rates are over the `interval` between the two
/// snapshots; all else is since the start. Ends in a line feed.
std::string stats_table(const Snapshot& before, const Snapshot& now,
                        std::chrono::nanoseconds interval);

}  // namespace rafale::worker
