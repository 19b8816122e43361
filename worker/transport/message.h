// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Frames as gRPC messages: the bytes of `message Frame { bytes payload = 1; }`, made and read
// without a protobuf object.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include "worker/batch/batch.h"
#include "worker/transport/wire_format.h"

namespace rafale::worker {

/// Collects the parts of one frame.
class MessageBuilder {
 public:
  void add(std::string bytes);
  /// The rows of a batch, not copied: takes the reference and gives it back when gRPC needs the
  /// bytes no more.
  void add_rows(Batch* batch);
  std::size_t size() const { return size_; }
  bool empty() const { return parts_.empty(); }
  /// Fills in length and check sum.
  grpc::ByteBuffer finish(wire::FrameHeader header);

 private:
  std::vector<grpc::Slice> parts_;
  std::size_t size_ = 0;
};

/// The pieces of a received message's payload; valid while this lives.
class ReceivedMessage {
 public:
  /// `ok()` is false if the message is no Frame.
  explicit ReceivedMessage(const grpc::ByteBuffer& buffer);
  bool ok() const { return ok_; }
  const std::vector<std::string_view>& pieces() const { return pieces_; }
  std::size_t size() const { return size_; }

 private:
  std::vector<grpc::Slice> slices_;
  std::vector<std::string_view> pieces_;
  std::size_t size_ = 0;
  bool ok_ = false;
};

}  // namespace rafale::worker
