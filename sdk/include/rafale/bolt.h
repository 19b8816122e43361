// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Bolt and BasicBolt: where tuples are processed.
#pragma once

#include <utility>

#include "rafale/collector.h"
#include "rafale/context.h"
#include "rafale/export.h"
#include "rafale/types.h"

namespace rafale {

/// Processes tuples and says itself when it is done with each. One object per task; all functions
/// are called on one thread at a time. An exception from execute() or flush() is caught: the tuple
/// fails with reason `exception` and its text (unless it was acked, failed, held or detached
/// before), and the bolt goes on. One from prepare() stops the topology.
class alignas(kObjectAlignment) RAFALE_API Bolt {
 public:
  virtual ~Bolt();

  /// Before anything else. `context` and `out` live as long as the bolt. Resolve fields here.
  virtual void prepare(TaskContext& context, BoltCollector& out);
  /// One tuple; the view is valid during the call.
  virtual void execute(const Tuple& in, BoltCollector& out) = 0;
  /// The input is drained for the moment, or a batch of it is done: write out what is buffered and
  /// ack it. Between two calls passes at most one batch of input, its own (1024 tuples) or that of
  /// the producer in whose turn it runs. Called after a tick tuple as well.
  virtual void flush(BoltCollector& out);
  /// Last call; not made when the process is killed.
  virtual void cleanup();
};

/// A bolt whose emits are anchored to its input and whose input is acked when execute() returns,
/// failed when it throws. For everything that is a function of one tuple.
///
///   class Split : public rafale::BasicBolt {
///     void execute(const Tuple& in, BasicCollector& out) override { ... out.emit(word); }
///   };
class alignas(kObjectAlignment) RAFALE_API BasicBolt {
 public:
  virtual ~BasicBolt();

  virtual void prepare(TaskContext& context);
  virtual void execute(const Tuple& in, BasicCollector& out) = 0;
  virtual void cleanup();
};

namespace detail {

/// A BasicBolt made of a function.
template <class F>
class LambdaBolt final : public BasicBolt {
 public:
  explicit LambdaBolt(F f) : f_(std::move(f)) {}
  void execute(const Tuple& in, BasicCollector& out) override { f_(in, out); }

 private:
  F f_;
};

}  // namespace detail
}  // namespace rafale
