// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The sink without an output directory: shows the fleet on standard output.
#pragma once

#include <chrono>
#include <memory>

#include "rafale/bolt.h"

namespace rafale::bikes {

/// How often the console wants a tick: the live view draws at each.
inline constexpr std::chrono::milliseconds kConsoleTick{200};

/// Decides in prepare() how to show the events of the city bolt: with `rafale.output: json` as JSON
/// lines, on a terminal (`rafale.tty: true`) as a live view, else as plain lines, where deltas are
/// summed up once a second and each station that becomes empty or is no longer has a line. One
/// task.
class Console final : public Bolt {
 public:
  void prepare(TaskContext& context, BoltCollector& out) override;
  void execute(const Tuple& in, BoltCollector& out) override { shown_->execute(in, out); }
  void flush(BoltCollector& out) override { shown_->flush(out); }
  void cleanup() override;

 private:
  std::unique_ptr<Bolt> shown_;  // from prepare() on
};

}  // namespace rafale::bikes
