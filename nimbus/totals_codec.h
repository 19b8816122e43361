// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Totals of counters on the disk.
#pragma once

#include <string>

#include "nimbus/stats_codec.h"

namespace rafale::nimbus {

/// One file per topology, DIR/ID.pb. Any thread.
class TotalsKeeper {
 public:
  /// Reads what is there into `stats`.
  TotalsKeeper(StatsBook& stats, std::string dir);
  void keep(const std::string& topology);
  void forget(const std::string& topology);

 private:
  StatsBook& stats_;
  const std::string dir_;
};

}  // namespace rafale::nimbus
