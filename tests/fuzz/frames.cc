// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Messages as gRPC gives them, in slices: frames, greetings and credits. The first byte says how
// the rest is cut. Each input is read twice: as it is, and with magic, length and check sum right.

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/target.h"
#include "worker/transport/message.h"

namespace rafale::worker {
namespace {

std::string rest_of(wire::Reader& reader) {
  std::string rest(reader.left(), '\0');
  reader.copy(rest.data(), rest.size());
  return rest;
}

void read_payload(wire::Kind kind, std::string_view payload) {
  wire::Reader reader(std::span(&payload, 1));
  if (kind == wire::Kind::ack) {
    const auto credits = wire::read_credits(reader);
    if (credits.ok()) {
      const std::string written = wire::encode_credits(*credits);
      RAFALE_FUZZ_CHECK(written == payload.substr(0, written.size()));
    }
    return;
  }
  const auto greeting = wire::read_greeting(reader);
  if (!greeting.ok()) return;
  const std::string written = wire::encode_greeting(*greeting);
  const std::string_view piece = written;
  wire::Reader again(std::span(&piece, 1));
  const auto twice = wire::read_greeting(again);
  RAFALE_FUZZ_CHECK(twice.ok() && again.left() == 0);
  RAFALE_FUZZ_CHECK(wire::encode_greeting(*twice) == written);
}

/// The header, if it is accepted, after its payload was read.
bool read(const std::string& bytes, std::size_t cut) {
  std::vector<grpc::Slice> slices;
  for (std::size_t at = 0; at < bytes.size(); at += cut) {
    slices.emplace_back(bytes.substr(at, cut));
  }
  const grpc::ByteBuffer buffer(slices.data(), slices.size());
  const ReceivedMessage message(buffer);
  if (!message.ok()) return false;
  RAFALE_FUZZ_CHECK(message.size() < bytes.size());
  wire::Reader reader(message.pieces());
  RAFALE_FUZZ_CHECK(reader.left() == message.size());
  const auto header = wire::read_frame(message.pieces(), reader);
  if (!header.ok()) return false;
  RAFALE_FUZZ_CHECK(reader.left() == header->bytes);
  read_payload(header->kind, rest_of(reader));
  return true;
}

/// A message around these bytes, whose header is right.
std::string repaired(std::string_view frame) {
  wire::FrameHeader header;
  if (!frame.empty()) std::memcpy(&header, frame.data(), std::min(frame.size(), sizeof header));
  header.magic = wire::kMagic;
  MessageBuilder builder;
  builder.add(std::string(frame.substr(std::min(frame.size(), sizeof header))));
  const grpc::ByteBuffer message = builder.finish(header);
  std::vector<grpc::Slice> slices;
  RAFALE_FUZZ_CHECK(message.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

}  // namespace
}  // namespace rafale::worker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t cut = 1 + data[0];
  const std::string_view bytes = rafale::fuzz::view_of(data + 1, size - 1);
  rafale::worker::read(std::string(bytes), cut);
  // Behind the tag and the length, if these are there.
  for (const std::size_t head : {0, 2, 3}) {
    const std::string_view frame = bytes.substr(std::min<std::size_t>(head, bytes.size()));
    RAFALE_FUZZ_CHECK(rafale::worker::read(rafale::worker::repaired(frame), cut));
  }
  return 0;
}
