// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The bytes of frames as gRPC carries them, from the tag of the message to the last row.

#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "rafale/row.h"
#include "tests/wire/golden.h"
#include "worker/ack/record_writer.h"
#include "worker/transport/message.h"

namespace rafale::worker::wire {
namespace {

using support::golden;

std::string bytes_of(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

std::string message_of(const FrameHeader& header, std::string payload) {
  MessageBuilder builder;
  builder.add(std::move(payload));
  return bytes_of(builder.finish(header));
}

/// A message whose header has been read.
struct Received {
  explicit Received(const std::string& bytes)
      : slice(bytes), buffer(&slice, 1), message(buffer), reader(message.pieces()) {
    EXPECT_TRUE(message.ok());
    const auto read = read_frame(message.pieces(), reader);
    EXPECT_TRUE(read.ok()) << read.status();
    if (read.ok()) header = *read;
  }
  grpc::Slice slice;
  grpc::ByteBuffer buffer;
  ReceivedMessage message;
  Reader reader;
  FrameHeader header;
};

void expect_header(const FrameHeader& read, const FrameHeader& written) {
  EXPECT_EQ(read.kind, written.kind);
  EXPECT_EQ(read.batches, written.batches);
  EXPECT_EQ(read.seq, written.seq);
  EXPECT_EQ(read.epoch, written.epoch);
  EXPECT_EQ(read.worker, written.worker);
}

void expect_greeting_frozen(const std::string& name, const FrameHeader& header,
                            const Greeting& greeting) {
  const std::string frozen =
      golden(name, "message, frame, greeting", message_of(header, encode_greeting(greeting)));
  Received received(frozen);
  expect_header(received.header, header);
  const auto read = read_greeting(received.reader);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->topology, greeting.topology);
  EXPECT_EQ(read->worker, greeting.worker);
  EXPECT_EQ(read->instance, greeting.instance);
  EXPECT_EQ(read->to_worker, greeting.to_worker);
  EXPECT_EQ(read->known_instance, greeting.known_instance);
  EXPECT_EQ(read->received, greeting.received);
  EXPECT_EQ(read->ctl, greeting.ctl);
  EXPECT_EQ(received.reader.left(), 0u);
}

const std::string kTopology = "words-3-1784131200";

TEST(Frames, Hello) {
  expect_greeting_frozen("frame_hello", {.kind = Kind::hello, .epoch = 12, .worker = 1},
                         {.topology = kTopology,
                          .worker = 1,
                          .instance = 2049,
                          .to_worker = 2,
                          .known_instance = 3072,
                          .received = 0,
                          .ctl = false});
}

TEST(Frames, Welcome) {
  expect_greeting_frozen("frame_welcome", {.kind = Kind::welcome, .epoch = 12, .worker = 2},
                         {.topology = kTopology,
                          .worker = 2,
                          .instance = 3072,
                          .to_worker = 1,
                          .known_instance = 2049,
                          .received = 0x0102030405060708,
                          .ctl = true});
}

TEST(Frames, Ready) {
  expect_greeting_frozen("frame_ready", {.kind = Kind::ready, .epoch = 13, .worker = 2},
                         {.topology = kTopology,
                          .worker = 2,
                          .instance = 3072,
                          .to_worker = 1,
                          .known_instance = 2049,
                          .received = 9,
                          .ctl = true});
}

TEST(Frames, Stale) {
  expect_greeting_frozen("frame_stale", {.kind = Kind::stale, .worker = 2},
                         {.topology = kTopology,
                          .worker = 2,
                          .instance = 3072,
                          .to_worker = 1,
                          .known_instance = 2050,
                          .ctl = false});
}

TEST(Frames, Ack) {
  const FrameHeader header{.kind = Kind::ack, .seq = 70'000, .epoch = 12, .worker = 2};
  const std::vector<Credit> credits{{.task = 3, .consumed = 65'536},
                                    {.task = 700, .consumed = 0x0102030405060708}};
  const std::string frozen = golden("frame_ack", "message, frame, two credits",
                                    message_of(header, encode_credits(credits)));
  Received received(frozen);
  expect_header(received.header, header);
  const auto read = read_credits(received.reader);
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), credits.size());
  for (std::size_t i = 0; i < credits.size(); ++i) {
    EXPECT_EQ((*read)[i].task, credits[i].task);
    EXPECT_EQ((*read)[i].consumed, credits[i].consumed);
  }
  EXPECT_EQ(received.reader.left(), 0u);
}

template <class... V>
void append_row(Batch& batch, const V&... values) {
  const std::size_t bytes = row::encoded_size(values...);
  ASSERT_LE(batch.bytes + bytes, batch.capacity());
  row::encode(batch.tail(), bytes, values...);
  batch.bytes += static_cast<std::uint32_t>(bytes);
  ++batch.rows;
}

constexpr std::int64_t kNow = 1'000'000;

/// Rows with values of all types, of two roots and of none.
Batch* rows_of_all_types(BatchPool& pool) {
  Batch* batch = pool.take(4096);
  batch->to = {.task = 7, .worker = 2, .instance = 3072};
  batch->from = 3;
  batch->input = 2;
  batch->opened_ns = kNow - 4321;
  append_row(*batch, nullptr, true, std::int64_t{-7}, 2.5);
  append_row(*batch, std::string_view("word"), Value(ByteString{std::byte{0xfe}}),
             Value(List{1, "x"}), Value(Map{{"k", nullptr}}));
  append_row(*batch, 1, 2, 3, 4, 5);
  append_row(*batch);
  batch->runs.push_back({.root0 = 500, .edge = 77, .spout = {3, 9}, .n = 2, .deltas = 1});
  batch->runs.push_back({.root0 = 0x0102030405060708,
                         .edge = 0x1112131415161718,
                         .spout = {4, 10},
                         .n = 1,
                         .first_row = 2,
                         .deltas = 3,
                         .flags = worker::Run::kDerived});
  batch->deltas = {0, 4, 0};
  return batch;
}

/// Rows that belong to no root, written later than now: their age is 0.
Batch* unanchored(BatchPool& pool) {
  Batch* batch = pool.take(64);
  batch->to = {.task = 8, .worker = 2, .instance = 3073};
  batch->from = 4;
  batch->opened_ns = kNow + 1;
  append_row(*batch, std::string_view("free"));
  return batch;
}

void expect_batch(const Batch& read, const BatchHeader& header, const Batch& written) {
  EXPECT_EQ(read.to.task, written.to.task);
  EXPECT_EQ(read.to.instance, written.to.instance);
  EXPECT_EQ(read.from, written.from);
  EXPECT_EQ(read.input, written.input);
  EXPECT_EQ(read.rows, written.rows);
  EXPECT_EQ(header.age_ns,
            static_cast<std::uint64_t>(std::max<std::int64_t>(kNow - written.opened_ns, 0)));
  EXPECT_EQ(read.deltas, written.deltas);
  ASSERT_EQ(read.runs.size(), written.runs.size());
  for (std::size_t i = 0; i < read.runs.size(); ++i) {
    const worker::Run& a = read.runs[i];
    const worker::Run& b = written.runs[i];
    EXPECT_EQ(a.root0, b.root0);
    EXPECT_EQ(a.edge, b.edge);
    EXPECT_EQ(a.spout, b.spout);
    EXPECT_EQ(a.n, b.n);
    EXPECT_EQ(a.first_row, b.first_row);
    EXPECT_EQ(a.deltas, b.deltas);
    EXPECT_EQ(a.flags, b.flags);
  }
  EXPECT_EQ(std::string_view(read.data(), read.bytes),
            std::string_view(written.data(), written.bytes));
}

TEST(Frames, Batches) {
  BatchPool pool;
  const std::vector<Batch*> batches{rows_of_all_types(pool), unanchored(pool)};
  const FrameHeader header{.batches = 2, .kind = Kind::batches, .seq = 12, .epoch = 4, .worker = 1};
  MessageBuilder builder;
  for (Batch* batch : batches) {
    std::string head;
    append_batch_head(*batch, kNow, head);
    builder.add(std::move(head));
    batch->add_ref();
    builder.add_rows(batch);
  }
  const std::string frozen =
      golden("frame_batches", "message, frame, four rows of two roots and of none, one free row",
             bytes_of(builder.finish(header)));

  Received received(frozen);
  expect_header(received.header, header);
  for (Batch* written : batches) {
    const auto read = read_batch(received.reader, Batch::kBlockBytes,
                                 [&pool](std::size_t bytes) { return pool.take(bytes); });
    ASSERT_TRUE(read.ok()) << read.status();
    expect_batch(*read->first, read->second, *written);
    read->first->release();
    written->release();
  }
  EXPECT_EQ(received.reader.left(), 0u);
}

/// One record of each kind, and what they refer to.
void fill(RecordBlock& block) {
  const SpoutRef spout{4, 10};
  block.deltas = {0, 1, 3};
  block.tokens = {{.holder = {9, 1}, .worker = 2, .instance = 3072, .window = 55},
                  {.holder = {9, 2}, .worker = 3, .instance = 4096, .window = 0x0102030405060708}};
  block.records = {
      {.kind = RecordKind::emit,
       .derived = true,
       .n = 3,
       .first_row = 5,
       .deltas = 1,
       .spout = spout,
       .root0 = 9,
       .edge = 0x1112131415161718,
       .worker = 2,
       .instance = 3072},
      {.kind = RecordKind::ack, .n = 1024, .spout = spout, .root0 = 10, .edge = 8},
      {.kind = RecordKind::fail,
       .code = FailureCode::exception,
       .n = 1,
       .spout = spout,
       .root0 = 11,
       .worker = 7,
       .instance = 41},
      {.kind = RecordKind::fail,
       .code = FailureCode::explicit_,
       .n = 1,
       .spout = spout,
       .root0 = 12,
       .worker = 8,
       .instance = 40},
      {.kind = RecordKind::fail,
       .code = FailureCode::exception,
       .n = 1,
       .spout = spout,
       .root0 = 13,
       .worker = 7,
       .instance = 41},
      {.kind = RecordKind::fail,
       .code = FailureCode::peer_lost,
       .n = 1,
       .spout = spout,
       .root0 = 14},
      {.kind = RecordKind::fail, .code = FailureCode::timeout, .n = 1, .spout = spout, .root0 = 15},
      {.kind = RecordKind::park, .n = 1, .spout = spout, .root0 = 16, .edge = 1, .token = 1},
      {.kind = RecordKind::reset, .n = 1, .spout = spout, .root0 = 17},
      {.kind = RecordKind::release, .spout = spout, .token = 0},
      {.kind = RecordKind::dead_letter, .n = 1, .spout = spout, .root0 = 18},
  };
}

void expect_record(const Record& read, const Record& written) {
  EXPECT_EQ(read.kind, written.kind);
  EXPECT_EQ(read.derived, written.derived);
  EXPECT_EQ(read.code, written.code);
  EXPECT_EQ(read.n, written.n);
  EXPECT_EQ(read.first_row, written.first_row);
  EXPECT_EQ(read.deltas, written.deltas);
  EXPECT_EQ(read.spout, written.spout);
  EXPECT_EQ(read.root0, written.root0);
  EXPECT_EQ(read.edge, written.edge);
  EXPECT_EQ(read.worker, written.worker);
  EXPECT_EQ(read.instance, written.instance) << "of a fail: the receiver's number of its text";
  EXPECT_EQ(read.token, written.token);
}

TEST(Frames, Records) {
  RecordBlockPool pool;
  RecordBlock* written = pool.take();
  fill(*written);
  std::string payload;
  append_records(
      4, *written, [](std::uint32_t number) { return "text " + std::to_string(number); }, payload);
  append_floor({{4, 10}, 0x0102030405060708}, payload);
  const FrameHeader header{.kind = Kind::records, .seq = 13, .epoch = 4, .worker = 1};
  const std::string frozen =
      golden("frame_records", "message, frame, a block with a record of each kind, a floor",
             message_of(header, payload));

  Received received(frozen);
  expect_header(received.header, header);
  RecordBlock* block = nullptr;
  std::optional<Floor> floor;
  const auto status =
      read_records(received.reader, {.take = [&pool] { return pool.take(); },
                                     .block =
                                         [&block](TaskId task, RecordBlock* read) {
                                           EXPECT_EQ(task, 4u);
                                           block = read;
                                         },
                                     .floor = [&floor](const Floor& read) { floor = read; },
                                     .note =
                                         [](TaskId task, std::string_view text) {
                                           EXPECT_EQ(text, task == 7 ? "text 41" : "text 40");
                                           return task == 7 ? 41u : 40u;
                                         }});
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_NE(block, nullptr);
  ASSERT_EQ(block->records.size(), written->records.size());
  for (std::size_t i = 0; i < written->records.size(); ++i) {
    expect_record(block->records[i], written->records[i]);
  }
  EXPECT_EQ(block->deltas, written->deltas);
  EXPECT_EQ(block->tokens, written->tokens);
  ASSERT_TRUE(floor.has_value());
  EXPECT_EQ(floor->spout, (SpoutRef{4, 10}));
  EXPECT_EQ(floor->floor, 0x0102030405060708u);
  pool.give_back(block);
  pool.give_back(written);
}

TEST(Frames, OfAnotherVersionAreRefusedByTheirMagic) {
  std::string bytes = message_of({.kind = Kind::hello}, encode_greeting({}));
  bytes[2 + 3] = '2';  // behind tag and length: RAF2
  const grpc::Slice slice(bytes);
  const grpc::ByteBuffer buffer(&slice, 1);
  const ReceivedMessage message(buffer);
  ASSERT_TRUE(message.ok());
  Reader reader(message.pieces());
  const auto read = read_frame(message.pieces(), reader);
  EXPECT_NE(read.status().message().find("another format or version"), std::string::npos);
}

}  // namespace
}  // namespace rafale::worker::wire
