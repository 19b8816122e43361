// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Encoding and bounds of wire_format.h. HOT PATH.

#include "worker/transport/wire_format.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/crc32c.h"
#include "rafale/row.h"
#include "worker/ack/record_writer.h"

namespace rafale::worker::wire {
namespace {

constexpr std::uint32_t kMostName = 512;
constexpr std::uint32_t kMostText = 512;
constexpr std::uint32_t kSmallestRow = 8;
enum Section : std::uint32_t { kBlock = 1, kFloor = 2 };

template <class T>
void append(std::string& to, const T& value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
void append_all(std::string& to, const std::vector<T>& values) {
  to.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

absl::Status broken(const char* what) { return absl::DataLossError(what); }

/// A record as it travels: 48 bytes, little endian.
struct WireRecord {
  std::uint8_t kind = 0;
  std::uint8_t derived = 0;
  std::uint8_t code = 0;
  std::uint8_t reserved = 0;
  std::uint16_t n = 0;
  std::uint16_t first_row = 0;
  std::uint32_t deltas = 0;
  std::uint32_t spout_task = 0;
  std::uint32_t incarnation = 0;
  std::uint32_t worker = 0;
  std::uint64_t root0 = 0;
  std::uint64_t edge = 0;
  std::uint32_t instance = 0;
  std::uint32_t token = 0;
};
static_assert(sizeof(WireRecord) == kRecord);

struct BlockHeader {
  std::uint32_t spout_task = 0;
  std::uint32_t records = 0;
  std::uint32_t deltas = 0;
  std::uint32_t tokens = 0;
};

WireRecord to_wire(const Record& record) {
  return {.kind = static_cast<std::uint8_t>(record.kind),
          .derived = record.derived,
          .code = static_cast<std::uint8_t>(record.code),
          .n = record.n,
          .first_row = record.first_row,
          .deltas = record.deltas,
          .spout_task = record.spout.task,
          .incarnation = record.spout.incarnation,
          .worker = record.worker,
          .root0 = record.root0,
          .edge = record.edge,
          .instance = record.instance,
          .token = record.token};
}

Record from_wire(const WireRecord& wire) {
  return {.kind = static_cast<RecordKind>(wire.kind),
          .derived = wire.derived != 0,
          .code = static_cast<FailureCode>(wire.code),
          .n = wire.n,
          .first_row = wire.first_row,
          .deltas = wire.deltas,
          .spout = {wire.spout_task, wire.incarnation},
          .root0 = wire.root0,
          .edge = wire.edge,
          .worker = wire.worker,
          .instance = wire.instance,
          .token = wire.token};
}

/// Whether what a record refers to is there.
bool is_sound(const WireRecord& record, const BlockHeader& block) {
  if (record.kind > static_cast<std::uint8_t>(RecordKind::dead_letter) ||
      record.code >= kFailureCodes) {
    return false;
  }
  if (record.deltas != 0 &&
      (record.deltas > block.deltas || block.deltas - (record.deltas - 1) < record.n)) {
    return false;
  }
  const bool has_token = record.kind == static_cast<std::uint8_t>(RecordKind::park) ||
                         record.kind == static_cast<std::uint8_t>(RecordKind::release);
  return !has_token || record.token < block.tokens;
}

/// Rows must fill their bytes exactly, and runs must name rows and deltas that are there.
const char* mistake_in(const Batch& batch) {
  const char* at = batch.data();
  const char* end = at + batch.bytes;
  for (std::uint32_t i = 0; i < batch.rows; ++i) {
    if (end - at < static_cast<std::ptrdiff_t>(kSmallestRow)) return "a row is cut";
    const std::uint32_t length = row::length(at);
    if (length < kSmallestRow || length > static_cast<std::size_t>(end - at)) {
      return "a row has an impossible length";
    }
    at += length;
  }
  if (at != end) return "rows do not fill their batch";
  for (const Run& run : batch.runs) {
    if (run.first_row + std::uint32_t{run.n} > batch.rows) return "a run names rows beyond the end";
    if (run.deltas != 0 && run.deltas - 1u + run.n > batch.deltas.size()) {
      return "a run names deltas beyond the end";
    }
  }
  return nullptr;
}

}  // namespace

Reader::Reader(std::span<const std::string_view> pieces) : pieces_(pieces) {
  for (const std::string_view piece : pieces) left_ += piece.size();
}

bool Reader::copy(void* to, std::size_t size) {
  if (size > left_) return false;
  left_ -= size;
  auto* out = static_cast<char*>(to);
  while (size > 0) {
    const std::string_view piece = pieces_[piece_];
    const std::size_t part = std::min(size, piece.size() - at_);
    std::memcpy(out, piece.data() + at_, part);
    out += part;
    size -= part;
    at_ += part;
    if (at_ == piece.size()) {
      ++piece_;
      at_ = 0;
    }
  }
  return true;
}

bool Reader::skip(std::size_t size) {
  if (size > left_) return false;
  left_ -= size;
  while (size > 0) {
    const std::size_t part = std::min(size, pieces_[piece_].size() - at_);
    size -= part;
    at_ += part;
    if (at_ == pieces_[piece_].size()) {
      ++piece_;
      at_ = 0;
    }
  }
  return true;
}

// --- writing

std::string encode_greeting(const Greeting& greeting) {
  std::string bytes;
  append(bytes, greeting.worker);
  append(bytes, greeting.instance);
  append(bytes, greeting.to_worker);
  append(bytes, greeting.known_instance);
  append(bytes, greeting.received);
  append(bytes, std::uint32_t{greeting.ctl});
  append(bytes, static_cast<std::uint32_t>(greeting.topology.size()));
  return bytes + greeting.topology;
}

std::string encode_credits(std::span<const Credit> credits) {
  std::string bytes;
  append(bytes, static_cast<std::uint32_t>(credits.size()));
  bytes.append(reinterpret_cast<const char*>(credits.data()), credits.size_bytes());
  return bytes;
}

void append_batch_head(const Batch& batch, std::int64_t now_ns, std::string& to) {
  const std::size_t runs = batch.runs.size() * sizeof(Run);
  const std::size_t deltas = (batch.deltas.size() + 7) / 8 * 8;
  BatchHeader header;
  header.rows = batch.rows;
  header.from = batch.from;
  header.to = batch.to.task;
  header.input = batch.input;
  header.runs = static_cast<std::uint16_t>(batch.runs.size());
  header.rows_at = static_cast<std::uint32_t>(kBatchHeader + runs + deltas);
  header.total = header.rows_at + batch.bytes;
  header.age_ns = static_cast<std::uint64_t>(std::max<std::int64_t>(now_ns - batch.opened_ns, 0));
  header.deltas = static_cast<std::uint32_t>(batch.deltas.size());
  header.to_instance = batch.to.instance;
  append(to, header);
  append_all(to, batch.runs);
  append_all(to, batch.deltas);
  to.append(deltas - batch.deltas.size(), '\0');
}

void append_records(TaskId spout_task, const RecordBlock& block,
                    const std::function<std::string(std::uint32_t)>& text, std::string& to) {
  append(to, std::uint32_t{kBlock});
  append(to, BlockHeader{.spout_task = spout_task,
                         .records = static_cast<std::uint32_t>(block.records.size()),
                         .deltas = static_cast<std::uint32_t>(block.deltas.size()),
                         .tokens = static_cast<std::uint32_t>(block.tokens.size())});
  // Numbers of texts mean nothing elsewhere: 1 + the place of the text in this block stands there.
  std::vector<std::uint32_t> texts;
  for (const Record& record : block.records) {
    WireRecord wire = to_wire(record);
    if (record.kind == RecordKind::fail && record.instance != 0) {
      const auto found = std::ranges::find(texts, record.instance);
      wire.instance = static_cast<std::uint32_t>(found - texts.begin()) + 1;
      if (found == texts.end()) texts.push_back(record.instance);
    }
    append(to, wire);
  }
  append_all(to, block.deltas);
  to.append((8 - block.deltas.size() % 8) % 8, '\0');
  for (const Token& token : block.tokens) {
    append(to, token.holder.task);
    append(to, token.holder.incarnation);
    append(to, token.worker);
    append(to, token.instance);
    append(to, token.window);
  }
  append(to, static_cast<std::uint32_t>(texts.size()));
  for (const std::uint32_t number : texts) {
    std::string words = text(number);
    words.resize(std::min<std::size_t>(words.size(), kMostText));
    append(to, static_cast<std::uint32_t>(words.size()));
    to += words;
  }
}

void append_floor(const Floor& floor, std::string& to) {
  append(to, std::uint32_t{kFloor});
  append(to, floor.spout.task);
  append(to, floor.spout.incarnation);
  append(to, floor.floor);
}

std::uint32_t checksum(FrameHeader header, std::span<const std::string_view> pieces) {
  header.crc = 0;
  std::uint32_t crc = common::crc32c(0, &header, sizeof header);
  for (const std::string_view piece : pieces) crc = common::crc32c(crc, piece.data(), piece.size());
  return crc;
}

// --- reading

absl::StatusOr<FrameHeader> read_frame(std::span<const std::string_view> pieces, Reader& reader) {
  FrameHeader header;
  if (!reader.take(header)) return broken("a frame is shorter than its header");
  if (header.magic != kMagic) return broken("a frame is of another format or version");
  if (header.bytes != reader.left()) return broken("a frame has another length than it says");
  FrameHeader without = header;
  without.crc = 0;
  std::uint32_t crc = common::crc32c(0, &without, sizeof without);
  std::size_t skip = kFrameHeader;
  for (std::string_view piece : pieces) {
    const std::size_t part = std::min(skip, piece.size());
    piece.remove_prefix(part);
    skip -= part;
    crc = common::crc32c(crc, piece.data(), piece.size());
  }
  if (crc != header.crc) return broken("a frame's check sum does not match");
  return header;
}

absl::StatusOr<Greeting> read_greeting(Reader& reader) {
  Greeting greeting;
  std::uint32_t ctl = 0;
  std::uint32_t size = 0;
  if (!reader.take(greeting.worker) || !reader.take(greeting.instance) ||
      !reader.take(greeting.to_worker) || !reader.take(greeting.known_instance) ||
      !reader.take(greeting.received) || !reader.take(ctl) || !reader.take(size) ||
      size > kMostName || size > reader.left()) {
    return broken("a greeting is cut");
  }
  greeting.ctl = ctl != 0;
  greeting.topology.resize(size);
  reader.copy(greeting.topology.data(), size);
  return greeting;
}

absl::StatusOr<std::vector<Credit>> read_credits(Reader& reader) {
  std::uint32_t count = 0;
  if (!reader.take(count) || count > reader.left() / sizeof(Credit)) {
    return broken("a list of credits is cut");
  }
  std::vector<Credit> credits(count);
  reader.copy(credits.data(), count * sizeof(Credit));
  return credits;
}

absl::StatusOr<std::pair<Batch*, BatchHeader>> read_batch(
    Reader& reader, std::size_t max_bytes, const std::function<Batch*(std::size_t)>& take) {
  BatchHeader header;
  if (!reader.take(header)) return broken("a batch is shorter than its header");
  const std::size_t runs = std::size_t{header.runs} * sizeof(Run);
  const std::size_t deltas = (std::size_t{header.deltas} + 7) / 8 * 8;
  if (header.rows_at != kBatchHeader + runs + deltas || header.total < header.rows_at ||
      header.total - kBatchHeader > reader.left()) {
    return broken("a batch's parts do not add up");
  }
  const std::uint32_t bytes = header.total - header.rows_at;
  if (bytes > max_bytes) return broken("a batch is larger than allowed");
  if (header.rows == 0 || header.rows > Batch::kMaxRows) {
    return broken("a batch has an impossible number of rows");
  }
  Batch* batch = take(bytes);
  batch->to = {.task = header.to, .worker = 0, .instance = header.to_instance};
  batch->from = header.from;
  batch->input = header.input;
  batch->rows = header.rows;
  batch->bytes = bytes;
  batch->runs.resize(header.runs);
  batch->deltas.resize(header.deltas);
  reader.copy(batch->runs.data(), runs);
  reader.copy(batch->deltas.data(), header.deltas);
  reader.skip(deltas - header.deltas);
  reader.copy(batch->data(), bytes);
  if (const char* mistake = mistake_in(*batch)) {
    batch->release();
    return broken(mistake);
  }
  return std::pair(batch, header);
}

namespace {

absl::Status read_block(Reader& reader, const RecordSink& sink) {
  BlockHeader header;
  constexpr std::size_t kToken = 24;
  if (!reader.take(header)) return broken("a block of records is cut");
  const std::size_t deltas = (std::size_t{header.deltas} + 7) / 8 * 8;
  if (header.records > reader.left() / kRecord || header.tokens > reader.left() / kToken ||
      header.records * kRecord + deltas + header.tokens * kToken > reader.left()) {
    return broken("a block of records is cut");
  }
  RecordBlock* block = sink.take();
  block->records.reserve(header.records);
  bool sound = true;
  for (std::uint32_t i = 0; i < header.records; ++i) {
    WireRecord wire;
    reader.take(wire);
    sound = sound && is_sound(wire, header) && wire.spout_task == header.spout_task;
    block->records.push_back(from_wire(wire));
  }
  block->deltas.resize(header.deltas);
  reader.copy(block->deltas.data(), header.deltas);
  reader.skip(deltas - header.deltas);
  block->tokens.resize(header.tokens);
  for (Token& token : block->tokens) {
    reader.take(token.holder.task);
    reader.take(token.holder.incarnation);
    reader.take(token.worker);
    reader.take(token.instance);
    reader.take(token.window);
  }
  std::uint32_t count = 0;
  sound = sound && reader.take(count) && count <= header.records;
  std::vector<std::string> texts;
  for (std::uint32_t i = 0; sound && i < count; ++i) {
    std::uint32_t size = 0;
    sound = reader.take(size) && size <= kMostText && size <= reader.left();
    if (sound) reader.copy(texts.emplace_back(size, '\0').data(), size);
  }
  for (Record& record : block->records) {
    if (record.kind != RecordKind::fail || record.instance == 0) continue;
    sound = sound && record.instance <= texts.size();
    if (sound) record.instance = sink.note(record.worker, texts[record.instance - 1]);
  }
  if (!sound) {
    block->home->give_back(block);
    return broken("a record makes no sense");
  }
  sink.block(header.spout_task, block);
  return absl::OkStatus();
}

}  // namespace

absl::Status read_records(Reader& reader, const RecordSink& sink) {
  while (reader.left() > 0) {
    std::uint32_t section = 0;
    if (!reader.take(section)) return broken("a section is cut");
    if (section == kBlock) {
      absl::Status status = read_block(reader, sink);
      if (!status.ok()) return status;
    } else if (section == kFloor) {
      Floor floor;
      if (!reader.take(floor.spout.task) || !reader.take(floor.spout.incarnation) ||
          !reader.take(floor.floor)) {
        return broken("a floor is cut");
      }
      sink.floor(floor);
    } else {
      return broken("a section is of an unknown kind");
    }
  }
  return absl::OkStatus();
}

}  // namespace rafale::worker::wire
