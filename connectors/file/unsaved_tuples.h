// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Tuples whose ack waits for a file.
#pragma once

#include <cstddef>
#include <exception>
#include <vector>

#include "rafale/collector.h"
#include "rafale/tuple.h"

namespace rafale::connectors {

/// What a bolt took in and has not written yet: acked together when it has. For bolts whose state
/// is a file that is written as a whole, now and then, see write_durably(). Used on the task's
/// thread.
class UnsavedTuples {
 public:
  /// Takes over the ack of the tuple in execute().
  void add(const Tuple& tuple, BoltCollector& out) { anchors_.push_back(out.detach(tuple)); }

  /// Calls save() and acks all. If it throws, its text is shown as an error and all stay open, with
  /// their timeouts begun anew, for another try with the next tick.
  template <class Save>
  void ack_when(Save save, BoltCollector& out) {
    try {
      save();
    } catch (const std::exception& error) {
      out.report_error(error.what());
      for (const Anchor& anchor : anchors_) out.reset_timeout(anchor);
      return;
    }
    for (Anchor& anchor : anchors_) out.ack(anchor);
    anchors_.clear();
  }

  bool empty() const { return anchors_.empty(); }
  std::size_t size() const { return anchors_.size(); }

 private:
  std::vector<Anchor> anchors_;
};

}  // namespace rafale::connectors
