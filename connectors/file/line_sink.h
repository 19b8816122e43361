// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a sink bolt is made of: lines of tuples on their way to a file, and the acks that wait for
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "connectors/file/line_writer.h"
#include "rafale/collector.h"
#include "rafale/tuple.h"

namespace rafale::connectors {

/// Buffers lines and acks each tuple when write(2), and fdatasync if asked for, has returned for
/// all its lines. Belongs to one task; allocates nothing per tuple once its buffers have grown.
///
///   void execute(const Tuple& in, BoltCollector& out) override {
///     if (in.is_tick()) return sink_.tick(out);
///     sink_.text() += ...;  // whole lines, each with its line feed
///     sink_.add(in, out);
///   }
///   void flush(BoltCollector& out) override { sink_.flush(out); }
class LineSink {
 public:
  /// What becomes of tuples whose lines cannot be written, as the disk is full or broken. Either
  /// way the sink reports the error and goes on.
  enum class OnError : std::uint8_t {
    /// Fails them with the reason: their spout sends them again, and then they make their lines
    /// anew.
    fail,
    /// Keeps them open and their lines in memory, and tries again at each flush and tick. The open
    /// tuples fill topology.max.spout.pending, so the spouts wait as well, and nothing is lost. For
    /// bolts behind one that remembers what it has seen: a tuple sent again makes no line there.
    hold,
  };

  LineSink(LineWriter writer, OnError on_error);

  /// Where lines are appended, whole ones only.
  std::string& text() { return text_; }
  /// What was appended since the last call belongs to `tuple`; nothing appended means that the
  /// tuple is acked with those before it. Writes at once with Sync::always, and when much has
  /// gathered.
  void add(const Tuple& tuple, BoltCollector& out);
  /// Writes what is buffered; for Bolt::flush().
  void flush(BoltCollector& out);
  /// For tick tuples, which a sink needs at least every topology.message.timeout.secs / 2 to hold:
  /// tries again what could not be written and starts the timeouts of its tuples anew.
  void tick(BoltCollector& out);

  /// Tuples that are neither acked nor failed.
  std::size_t waiting() const { return waiting_.size(); }
  const std::string& path() const { return writer_.path(); }

 private:
  struct Waiting {
    std::size_t end;  // of its lines in text_
    Anchor anchor;
  };

  void ack_up_to(std::size_t end, BoltCollector& out);
  void handle_error(std::size_t written, const std::error_code& error, BoltCollector& out);

  LineWriter writer_;
  OnError on_error_;
  std::string text_;
  std::vector<Waiting> waiting_;
  bool stuck_ = false;  // the last write failed
};

}  // namespace rafale::connectors
