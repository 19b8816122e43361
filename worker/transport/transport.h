// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The links of a worker to the other workers of its topology.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/ack/record.h"
#include "worker/batch/batch.h"

namespace rafale::worker {

/// Another worker of the topology, as the assignment has it.
struct Peer {
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;  ///< the newest that we know of
  std::string address;         ///< "unix:/..." on the same host, else "host:port"
  friend bool operator==(const Peer&, const Peer&) = default;
};

/// What comes in. Called on the I/O thread: implementations copy, push and return. They run no user
/// code, take no lock that is held while user code runs, and never block.
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;
  /// One reference comes with it. `from_worker` gets its credit back when consumed() is called.
  virtual void on_batch(Batch* batch, std::uint32_t from_worker) = 0;
  virtual void on_records(TaskId spout_task, RecordBlock* block) = 0;
  virtual void on_floor(const SpoutRef& spout, std::uint64_t floor) = 0;
  /// Both links to it are up, and it has said READY for this instance.
  virtual void on_peer_ready(std::uint32_t worker, std::uint32_t instance) = 0;
  virtual void on_peer_down(std::uint32_t worker, std::uint32_t instance) = 0;
  /// A newer instance than we knew of has answered: all below are dead. Comes before any of its
  /// batches or records.
  virtual void on_instance(std::uint32_t worker, std::uint32_t instance) = 0;
  /// The peer knows a newer instance of ourselves: we are a leftover and must end.
  virtual void on_fenced(std::uint32_t own_instance_seen) = 0;
  /// There is room again for batches to `task`, after a send() that returned false.
  virtual void on_room(TaskId task) = 0;
};

struct TransportCounts {
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t frames_received = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t resent = 0;
  std::uint64_t repeated = 0;  ///< received again and dropped
  std::uint64_t corrupt = 0;   ///< frames with a bad check sum or layout: the link was cut
  std::uint64_t reconnects = 0;
};

/// Sends and receives over gRPC as docs/wire-format.md says. One I/O thread.
///
/// Order: what one executor sends to one task, and its records for one tracker, arrive in that
/// order, each once, for as long as both instances live, over any number of reconnects.
class Transport {
 public:
  struct Options;  ///< transport_options.h
  /// Listens at once; accepts nothing before ready().
  static absl::StatusOr<std::unique_ptr<Transport>> start(const Options& options,
                                                          TransportEvents& events);
  virtual ~Transport() = default;

  virtual std::uint16_t port() const = 0;

  /// All bolts are prepared: from now on HELLOs are answered with READY. Any thread.
  virtual void ready() = 0;
  /// Makes these the peers, of assignment `epoch`; links to others are cut, what waits for an
  /// older instance is dropped. Any thread.
  virtual void set_peers(std::uint32_t epoch, const std::vector<Peer>& peers) = 0;

  /// Sends a batch to batch->to; takes the reference. False if the receiver has no room for more of
  /// our data: the batch is taken all the same, but the sender must soon pause, until on_room().
  /// Dropped, with its records' roots left to PEER_LOST, if its instance is not the peer's present
  /// one. Any thread. May wait for more to go with it, until flush().
  virtual bool send(Batch* batch) = 0;
  /// Records for the tracker of a spout task that `worker` runs. Takes the block. Any thread. May
  /// wait, too.
  virtual void send(std::uint32_t worker, TaskId spout_task, RecordBlock* block) = 0;
  /// What was sent to `worker` before goes now. Any thread.
  virtual void flush(std::uint32_t worker) = 0;
  /// Tells all peers of a floor; the newest wins. Any thread.
  virtual void send_floor(const SpoutRef& spout, std::uint64_t floor) = 0;
  /// Whether send() of a batch for `task` would return true now. Any thread.
  virtual bool has_room(TaskId task) const = 0;
  /// `bytes` of a batch that on_batch() gave for `task` were processed: room for its sender.
  virtual void consumed(std::uint32_t from_worker, TaskId task, std::uint32_t bytes) = 0;

  /// Nothing waits to be sent or for a link-ack.
  virtual bool drained() const = 0;
  virtual TransportCounts counts() const = 0;
  /// Cuts all links. After it returns no event comes.
  virtual void stop() = 0;
};

}  // namespace rafale::worker
