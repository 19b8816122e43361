// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Bytes of frames, batches and records; docs/wire-format.md is their description. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "worker/ack/record.h"
#include "worker/batch/batch.h"

namespace rafale::worker::wire {

inline constexpr std::uint32_t kMagic = 0x31464152;  // "RAF1": the format's name and version
inline constexpr std::size_t kFrameHeader = 32;
inline constexpr std::size_t kBatchHeader = 40;
inline constexpr std::size_t kRecord = 48;

enum class Kind : std::uint16_t {
  hello = 1,    ///< sender to receiver, first on every stream
  welcome = 2,  ///< the answer: who I am, how far I have your frames
  ready = 3,    ///< after it: my bolts are prepared, send
  batches = 4,
  records = 5,
  ack = 6,    ///< receiver to sender: link-ack and credits
  stale = 7,  ///< receiver to sender: I know a newer instance of you
};

/// 32 bytes, little endian.
struct FrameHeader {
  std::uint32_t magic = kMagic;
  std::uint16_t batches = 0;
  Kind kind = Kind::hello;
  std::uint64_t seq = 0;  ///< of batches and records: from 1; of acks: all up to here
  std::uint32_t epoch = 0;
  std::uint32_t worker = 0;
  std::uint32_t bytes = 0;  ///< after the header
  std::uint32_t crc = 0;    ///< CRC-32C of the header with 0 here, and of those bytes
};
static_assert(sizeof(FrameHeader) == kFrameHeader);

/// 40 bytes, little endian.
struct BatchHeader {
  std::uint32_t total = 0;  ///< this header, runs, deltas, rows
  std::uint32_t rows = 0;
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  std::uint16_t input = 0;
  std::uint16_t runs = 0;
  std::uint32_t rows_at = 0;  ///< offset of the rows from the header's start
  std::uint64_t age_ns = 0;   ///< since the oldest row was written
  std::uint32_t deltas = 0;
  std::uint32_t to_instance = 0;
};
static_assert(sizeof(BatchHeader) == kBatchHeader);

/// Who speaks; payload of hello, welcome, ready and stale.
struct Greeting {
  std::string topology;
  std::uint32_t worker = 0;
  std::uint32_t instance = 0;
  std::uint32_t to_worker = 0;
  std::uint32_t known_instance = 0;  ///< the newest of the other side that the speaker knows
  std::uint64_t received = 0;        ///< of welcome: frames that need not be sent again
  bool ctl = false;
};

/// What went through since the link began, for one task.
struct Credit {
  std::uint32_t task = 0;
  std::uint32_t reserved = 0;
  std::uint64_t consumed = 0;
};

struct Floor {
  SpoutRef spout;
  std::uint64_t floor = 0;
};

/// The pieces of one message, one after the other. Never reads beyond their end.
class Reader {
 public:
  explicit Reader(std::span<const std::string_view> pieces);
  std::size_t left() const { return left_; }
  /// False, and nothing is read, if fewer bytes are left.
  bool copy(void* to, std::size_t size);
  bool skip(std::size_t size);
  template <class T>
  bool take(T& value) {
    return copy(&value, sizeof value);
  }

 private:
  std::span<const std::string_view> pieces_;
  std::size_t piece_ = 0;
  std::size_t at_ = 0;
  std::size_t left_ = 0;
};

// --- writing: all return the bytes after the frame header, or append to them

std::string encode_greeting(const Greeting& greeting);
std::string encode_credits(std::span<const Credit> credits);
/// What stands before the rows of a batch: header, runs, deltas.
void append_batch_head(const Batch& batch, std::int64_t now_ns, std::string& to);
/// A section for one block; texts of failures stand in it.
void append_records(TaskId spout_task, const RecordBlock& block,
                    const std::function<std::string(std::uint32_t)>& text, std::string& to);
void append_floor(const Floor& floor, std::string& to);
/// The check sum over the header, with crc 0, and the pieces that follow.
std::uint32_t checksum(FrameHeader header, std::span<const std::string_view> pieces);

// --- reading: DATA_LOSS, saying what is wrong, for what cannot be; nothing is allocated for a
// length before it was compared with what is there

/// Reads the header and checks magic, length and check sum over all pieces.
absl::StatusOr<FrameHeader> read_frame(std::span<const std::string_view> pieces, Reader& reader);
absl::StatusOr<Greeting> read_greeting(Reader& reader);
absl::StatusOr<std::vector<Credit>> read_credits(Reader& reader);
/// One batch, into a block that `take` gives for the bytes of its rows.
absl::StatusOr<std::pair<Batch*, BatchHeader>> read_batch(
    Reader& reader, std::size_t max_bytes, const std::function<Batch*(std::size_t)>& take);

struct RecordSink {
  std::function<RecordBlock*()> take;
  std::function<void(TaskId, RecordBlock*)> block;  ///< takes it
  std::function<void(const Floor&)> floor;
  std::function<std::uint32_t(TaskId, std::string_view)> note;
};
/// All sections of a frame of records. What came before a mistake has been given to `sink`.
absl::Status read_records(Reader& reader, const RecordSink& sink);

}  // namespace rafale::worker::wire
