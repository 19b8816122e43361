// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Spouts and bolts that do whatever user code may do, and some of what it should not.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rafale/bolt.h"
#include "rafale/spout.h"
#include "tests/simulation/ack/executor.h"

namespace rafale::worker::sim {

/// A row as its receiver reads it.
struct Fields {
  explicit Fields(const Schema& schema)
      : row(schema.field<std::int64_t>("row")), hops(schema.field<std::int64_t>("hops")) {}
  Field<std::int64_t> row;
  Field<std::int64_t> hops;
};

/// A tuple that user code kept, with or without its row.
struct Kept {
  std::vector<Root> keys;
  std::optional<HeldTuple> held;
  Anchor anchor;
  std::int64_t hops = 0;

  AnchorRef ref() const { return held ? AnchorRef(*held) : AnchorRef(anchor); }
  bool open() const { return held ? held->anchor().open() : anchor.open(); }
};

/// Passes on, fans out, joins, holds, acks late and twice, fails, throws.
class SimBolt final : public Bolt {
 public:
  SimBolt(SimExecutor& at, const Component& component);
  void bind(BoltTask& task) { task_ = &task; }

  void execute(const Tuple& in, BoltCollector& out) override;
  void flush(BoltCollector& out) override;

  bool keeps_any() const { return !kept_.empty(); }
  /// Goes on with one of the tuples that it kept.
  void work_on_kept();
  void drop_kept() { kept_.clear(); }

 private:
  enum class In : std::uint8_t { open, kept, closed };  // the tuple in execute()
  struct Input {
    const Tuple& tuple;
    const std::vector<Root>& keys;
    std::int64_t hops;
    In state = In::open;
  };

  void emit_some(Input& in, BoltCollector& out);
  void emit_one(const Input* in, const std::vector<const Kept*>& with, BoltCollector& out,
                const std::vector<Root>* promised = nullptr);
  Port any_port(std::int64_t hops);
  void maybe_reset(const Input& in, BoltCollector& out);
  void keep(Input& in, BoltCollector& out);
  void hand_over(Input& in, BoltCollector& out);
  void finish(Input& in, BoltCollector& out);
  void after_the_end(Input& in, BoltCollector& out);
  void close(Kept& kept, bool fail, BoltCollector& out);
  const Kept* any_kept();

  SimExecutor& at_;
  const Component& component_;
  Fields fields_;
  BoltTask* task_ = nullptr;
  std::vector<std::unique_ptr<Kept>> kept_;
};

/// A BasicBolt that fans out and throws.
class SimBasicBolt final : public BasicBolt {
 public:
  SimBasicBolt(SimExecutor& at, const Component& component);
  void bind(BoltTask& task) { task_ = &task; }
  void execute(const Tuple& in, BasicCollector& out) override;

 private:
  SimExecutor& at_;
  const Component& component_;
  Fields fields_;
  BoltTask* task_ = nullptr;
};

/// The emitting side of spouts and windows.
class Source : public Spout {
 public:
  Source(SimExecutor& at, const Component& component) : at_(at), component_(component) {}

  /// It will emit something without being told of anything more.
  virtual bool owes() const = 0;
  /// It would emit something now.
  virtual bool ready() const = 0;

 protected:
  /// Emits `message` on any stream as a new root.
  void emit_root(std::uint64_t message, SpoutCollector& out, Port port);
  void emit_root(std::uint64_t message, SpoutCollector& out) {
    emit_root(message, out, any_port());
  }
  void emit_untracked(SpoutCollector& out);
  Port any_port();

  SimExecutor& at_;
  const Component& component_;
};

/// Emits the messages of its task until each is acked or given up.
class SimSpout final : public Source {
 public:
  SimSpout(SimExecutor& at, const Component& component);

  Next next_tuple(SpoutCollector& out) override;
  void ack(MessageId id) override;
  void fail(MessageId id, const FailReason& reason) override;
  bool owes() const override { return !queue_.empty() || !after_loss_.empty(); }
  bool ready() const override;

 private:
  static constexpr std::uint64_t kUnwanted = 1'000'000;  // messages from here on are of bursts
  static constexpr int kMostFailures = 6;
  void burst(SpoutCollector& out);
  void perhaps_emit_from_callback();

  std::deque<std::uint64_t> queue_;
  std::deque<std::uint64_t> after_loss_;  // wait until nothing goes to dead workers any more
};

}  // namespace rafale::worker::sim
