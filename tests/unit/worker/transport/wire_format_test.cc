// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What is written is read back; what is damaged is refused.

#include "worker/transport/wire_format.h"

#include <cstring>

#include <gtest/gtest.h>

#include "common/crc32c.h"
#include "common/random.h"
#include "rafale/row.h"
#include "tests/support/seed.h"
#include "worker/ack/record_writer.h"

namespace rafale::worker::wire {
namespace {

/// A row of `length` bytes, as far as the wire looks at it.
void append_row(Batch& batch, std::uint32_t length, char fill) {
  std::memset(batch.tail(), fill, length);
  std::memcpy(batch.tail(), &length, sizeof length);
  batch.bytes += length;
  ++batch.rows;
}

std::string frame_of(FrameHeader header, const std::string& payload) {
  header.bytes = static_cast<std::uint32_t>(payload.size());
  const std::string_view piece = payload;
  header.crc = checksum(header, std::span(&piece, 1));
  return std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload;
}

/// The bytes in pieces of random lengths, as a network gives them.
std::vector<std::string_view> cut(const std::string& bytes, common::Random& random) {
  std::vector<std::string_view> pieces;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const std::size_t size = 1 + random.below(std::min<std::size_t>(rest.size(), 97));
    pieces.push_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return pieces;
}

class WireFormat : public testing::Test {
 protected:
  std::string batch_frame() {
    Batch* batch = pool_.take(100);
    batch->to = {.task = 7, .worker = 1, .instance = 1025};
    batch->from = 3;
    batch->input = 2;
    batch->opened_ns = 1000;
    append_row(*batch, 20, 'a');
    append_row(*batch, 33, 'b');
    batch->runs.push_back({.root0 = 5, .edge = 77, .spout = {3, 9}, .n = 2, .deltas = 1});
    batch->deltas = {0, 4};
    std::string payload;
    append_batch_head(*batch, 3000, payload);
    payload.append(batch->data(), batch->bytes);
    batch->release();
    return frame_of({.batches = 1, .kind = Kind::batches, .seq = 12, .epoch = 4, .worker = 1},
                    payload);
  }

  /// Reads a frame of one batch; null if it was refused.
  Batch* read(std::span<const std::string_view> pieces) {
    Reader reader(pieces);
    const auto header = read_frame(pieces, reader);
    if (!header.ok() || header->kind != Kind::batches) return nullptr;
    const auto batch =
        read_batch(reader, 1 << 20, [this](std::size_t bytes) { return pool_.take(bytes); });
    return batch.ok() ? batch->first : nullptr;
  }

  BatchPool pool_;
  std::uint64_t seed_ = support::seed();
  common::Random random_{seed_};
};

TEST_F(WireFormat, ABatchComesBackAsItWasWhereverItsMessageIsCut) {
  const std::string frame = batch_frame();
  for (int round = 0; round < 100; ++round) {
    const auto pieces = cut(frame, random_);
    Batch* batch = read(pieces);
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(batch->to.task, 7u);
    EXPECT_EQ(batch->to.instance, 1025u);
    EXPECT_EQ(batch->from, 3u);
    EXPECT_EQ(batch->input, 2u);
    EXPECT_EQ(batch->rows, 2u);
    EXPECT_EQ(batch->bytes, 53u);
    ASSERT_EQ(batch->runs.size(), 1u);
    EXPECT_EQ(batch->runs[0].edge, 77u);
    EXPECT_EQ(batch->deltas, (std::vector<std::uint8_t>{0, 4}));
    EXPECT_EQ(batch->data()[25], 'b');
    batch->release();
  }
}

TEST_F(WireFormat, AFrameWithAnyBitFlippedIsRefused) {
  const std::string frame = batch_frame();
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string damaged = frame;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const std::string_view piece = damaged;
    EXPECT_EQ(read(std::span(&piece, 1)), nullptr) << "bit " << bit;
  }
}

TEST_F(WireFormat, AFrameCutAnywhereIsRefused) {
  const std::string frame = batch_frame();
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const std::string_view piece = std::string_view(frame).substr(0, size);
    EXPECT_EQ(read(std::span(&piece, 1)), nullptr) << size;
  }
}

TEST_F(WireFormat, PayloadsThatLieAboutTheirPartsAreRefusedThoughTheirCheckSumIsRight) {
  const std::string good = batch_frame().substr(kFrameHeader);
  for (int round = 0; round < 20'000; ++round) {
    std::string payload = good;
    const std::size_t changes = 1 + random_.below(4);
    for (std::size_t i = 0; i < changes; ++i) {
      payload[random_.below(payload.size())] = static_cast<char>(random_.next());
    }
    payload.resize(payload.size() - random_.below(8));
    const std::string frame = frame_of({.batches = 1, .kind = Kind::batches}, payload);
    const auto pieces = cut(frame, random_);
    // Either refused, or a batch whose rows and runs stay within it.
    Batch* batch = read(pieces);
    if (batch == nullptr) continue;
    std::uint32_t bytes = 0;
    for (std::uint32_t row = 0; row < batch->rows; ++row) {
      bytes += row::length(batch->data() + bytes);
    }
    EXPECT_EQ(bytes, batch->bytes) << "seed " << seed_;
    for (const worker::Run& run : batch->runs) EXPECT_LE(run.first_row + run.n, batch->rows);
    batch->release();
  }
}

class WireRecords : public WireFormat {
 protected:
  struct Got {
    TaskId task;
    std::vector<Record> records;
  };
  absl::Status read_all(const std::string& payload) {
    const std::string_view piece = payload;
    Reader reader(std::span(&piece, 1));
    return read_records(reader, {.take = [this] { return blocks_.take(); },
                                 .block =
                                     [this](TaskId task, RecordBlock* block) {
                                       got_.push_back({task, block->records});
                                       deltas_ = block->deltas;
                                       block->home->give_back(block);
                                     },
                                 .floor = [this](const Floor& floor) { floors_.push_back(floor); },
                                 .note =
                                     [this](TaskId, std::string_view text) {
                                       texts_.emplace_back(text);
                                       return static_cast<std::uint32_t>(texts_.size());
                                     }});
  }
  std::string payload() {
    RecordBlock* block = blocks_.take();
    block->deltas = {0, 1, 3};
    block->records.push_back(
        {.kind = RecordKind::ack, .n = 3, .deltas = 1, .spout = {4, 5}, .root0 = 9, .edge = 8});
    block->records.push_back({.kind = RecordKind::fail,
                              .code = FailureCode::exception,
                              .n = 1,
                              .spout = {4, 5},
                              .root0 = 10,
                              .worker = 6,
                              .instance = 41});
    std::string bytes;
    append_records(
        4, *block, [](std::uint32_t number) { return "text " + std::to_string(number); }, bytes);
    append_floor({{4, 5}, 99}, bytes);
    block->home->give_back(block);
    return bytes;
  }

  RecordBlockPool blocks_;
  std::vector<Got> got_;
  std::vector<std::uint8_t> deltas_;
  std::vector<Floor> floors_;
  std::vector<std::string> texts_;
};

TEST_F(WireRecords, RecordsTextsAndFloorsComeBack) {
  ASSERT_TRUE(read_all(payload()).ok());
  ASSERT_EQ(got_.size(), 1u);
  EXPECT_EQ(got_[0].task, 4u);
  ASSERT_EQ(got_[0].records.size(), 2u);
  EXPECT_EQ(got_[0].records[0].edge, 8u);
  EXPECT_EQ(deltas_, (std::vector<std::uint8_t>{0, 1, 3}));
  EXPECT_EQ(got_[0].records[1].worker, 6u);
  EXPECT_EQ(got_[0].records[1].instance, 1u) << "a number of the receiver's own book";
  EXPECT_EQ(texts_, std::vector<std::string>{"text 41"});
  ASSERT_EQ(floors_.size(), 1u);
  EXPECT_EQ(floors_[0].floor, 99u);
}

TEST_F(WireRecords, DamagedRecordsNeverNameWhatIsNotThere) {
  const std::string good = payload();
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    bytes[random_.below(bytes.size())] = static_cast<char>(random_.next());
    bytes.resize(bytes.size() - random_.below(5));
    got_.clear();
    read_all(bytes).IgnoreError();
    for (const Got& got : got_) {
      for (const Record& record : got.records) {
        const bool there = record.deltas == 0 || record.deltas - 1 + record.n <= deltas_.size();
        EXPECT_TRUE(there);
      }
    }
  }
}

TEST(WireGreeting, ComesBack) {
  const std::string bytes = encode_greeting({.topology = "words-1",
                                             .worker = 2,
                                             .instance = 1024,
                                             .to_worker = 3,
                                             .known_instance = 5,
                                             .received = 77,
                                             .ctl = true});
  const std::string_view piece = bytes;
  Reader reader(std::span(&piece, 1));
  const auto greeting = read_greeting(reader);
  ASSERT_TRUE(greeting.ok());
  EXPECT_EQ(greeting->topology, "words-1");
  EXPECT_EQ(greeting->received, 77u);
  EXPECT_TRUE(greeting->ctl);
}

TEST(Crc32c, MatchesTheVectorsOfRfc3720) {
  const std::string zeros(32, '\0');
  EXPECT_EQ(common::crc32c(0, zeros.data(), zeros.size()), 0x8a9136aau);
  const std::string ones(32, '\xff');
  EXPECT_EQ(common::crc32c(0, ones.data(), ones.size()), 0x62a8ab43u);
  EXPECT_EQ(common::crc32c(0, "123456789", 9), 0xe3069283u);
}

TEST(Crc32c, IsTheSameInOnePieceOrMany) {
  common::Random random(support::seed());
  std::string bytes(20'000, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random.next());
  const std::uint32_t whole = common::crc32c(0, bytes.data(), bytes.size());
  std::uint32_t parts = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = std::min<std::size_t>(bytes.size() - at, 1 + random.below(4000));
    parts = common::crc32c(parts, bytes.data() + at, size);
    at += size;
  }
  EXPECT_EQ(parts, whole);
}

}  // namespace
}  // namespace rafale::worker::wire
