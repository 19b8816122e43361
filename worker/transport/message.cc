// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Tag, length and slices. HOT PATH.

#include "worker/transport/message.h"

#include <algorithm>
#include <utility>

#include <grpc/slice.h>

namespace rafale::worker {
namespace {

constexpr char kTag = 0x0a;  // field 1, length-delimited
constexpr int kMostVarint = 5;

void append_varint(std::string& to, std::size_t value) {
  for (; value >= 0x80; value >>= 7) to += static_cast<char>((value & 0x7f) | 0x80);
  to += static_cast<char>(value);
}

void release_batch(void* batch) { static_cast<Batch*>(batch)->release(); }

std::string_view view_of(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

}  // namespace

void MessageBuilder::add(std::string bytes) {
  size_ += bytes.size();
  parts_.emplace_back(bytes.data(), bytes.size());
}

void MessageBuilder::add_rows(Batch* batch) {
  size_ += batch->bytes;
  parts_.emplace_back(
      grpc_slice_new_with_user_data(batch->data(), batch->bytes, &release_batch, batch),
      grpc::Slice::STEAL_REF);
}

grpc::ByteBuffer MessageBuilder::finish(wire::FrameHeader header) {
  header.bytes = static_cast<std::uint32_t>(size_);
  std::vector<std::string_view> pieces;
  pieces.reserve(parts_.size());
  for (const grpc::Slice& part : parts_) pieces.push_back(view_of(part));
  header.crc = wire::checksum(header, pieces);
  std::string head(1, kTag);
  append_varint(head, wire::kFrameHeader + size_);
  head.append(reinterpret_cast<const char*>(&header), sizeof header);
  parts_.emplace(parts_.begin(), head.data(), head.size());
  return {parts_.data(), parts_.size()};
}

ReceivedMessage::ReceivedMessage(const grpc::ByteBuffer& buffer) {
  if (!buffer.Dump(&slices_).ok()) return;
  pieces_.reserve(slices_.size());
  std::size_t total = 0;
  for (const grpc::Slice& slice : slices_) {
    pieces_.push_back(view_of(slice));
    total += slice.size();
  }
  // The tag and the length may be spread over pieces, in theory.
  std::string head;
  for (const std::string_view piece : pieces_) {
    head += piece.substr(0, kMostVarint + 1 - std::min<std::size_t>(head.size(), kMostVarint + 1));
  }
  if (head.empty() || head[0] != kTag) return;
  std::size_t length = 0;
  std::size_t used = 1;
  for (int i = 0; used < head.size(); ++i) {
    const auto byte = static_cast<unsigned char>(head[used++]);
    length |= std::size_t{byte & 0x7fu} << (7 * i);
    if ((byte & 0x80) == 0) break;
  }
  if (total - used != length) return;
  size_ = length;
  for (std::string_view& piece : pieces_) {
    const std::size_t part = std::min(used, piece.size());
    piece.remove_prefix(part);
    used -= part;
  }
  ok_ = true;
}

}  // namespace rafale::worker
