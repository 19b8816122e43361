// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The spout: takes records from a source and sends each on the way of its station.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rafale/replay_spout.h"
#include "rafale/source_position.h"
#include "topologies/bike_fleet/key_scanner.h"
#include "topologies/bike_fleet/pacer.h"
#include "topologies/bike_fleet/record_source.h"

namespace rafale::bikes {

/// Emits {contract, number, position, record}. The first two are scanned from the record, so that
/// everything behind can be grouped by them and a station's records never overtake each other. A
/// record that does not say them goes out with both empty: parse knows the reason. What cannot be
/// read, or is too long for a tuple, goes to parse on the stream "unreadable".
///
/// With a directory for positions a source that can be read again goes on, after a restart, behind
/// the records that are complete, and one that begins anew gets positions above all that it had
/// before. At most kSpan records then lie between the oldest that is not complete and the newest,
/// so that whoever remembers so many knows all that may come again.
class Feed final : public ReplaySpout {
 public:
  static constexpr std::int64_t kSpan = 131'072;

  /// `speed` is how many recorded seconds pass in one; 0: as fast as the consumers can.
  /// `position_dir`: empty: positions are not kept.
  Feed(std::unique_ptr<RecordSource> source, Format format, const std::string& contract,
       double speed, std::string position_dir = {});

  void close() override;

 protected:
  void start(SpoutContext& context) override;
  Next produce(ReplayCollector& out) override;
  void completed(std::uint64_t number) override;
  Description describe(const Tuple& row) override;

 private:
  enum class Taken : std::uint8_t { record, nothing, end };

  void go_on(const SpoutContext& context);
  bool is_far_ahead() const;
  Taken take(ReplayCollector& out);
  void emit(ReplayCollector& out);
  void emit_unreadable(ReplayCollector& out, std::int64_t position, std::string_view reason,
                       std::string_view record);

  std::unique_ptr<RecordSource> source_;
  std::string position_dir_;
  std::optional<rafale::SourcePosition> reached_;  // only with position_dir_
  std::uint64_t begin_ = 0;                        // message 0 is the source's record at
  std::uint64_t emitted_ = 0;                      // messages
  std::int64_t base_ = 0;                          // what positions are above
  KeyScanner scanner_;
  std::optional<Pacer> pacer_;
  std::size_t max_row_ = 0;
  StreamId unreadable_;
  SourceRecord record_;
  bool have_record_ = false;  // record_ waits to be emitted at due_ms_
  std::int64_t due_ms_ = 0;
};

}  // namespace rafale::bikes
