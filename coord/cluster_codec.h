// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Values of types.h as messages of cluster.proto, and as payloads of nodes: a byte that says the
// layout, then the message.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "coord/types.h"
#include "rafale/v1/cluster.pb.h"
#include "rafale/v1/nimbus.pb.h"

namespace rafale::coord {

v1::NimbusInfo to_proto(const NimbusInfo& value);
v1::SupervisorInfo to_proto(const SupervisorInfo& value);
v1::TopologySpec to_proto(const TopologySpec& value);
v1::TopologyRecord to_proto(const TopologyRecord& value);
v1::Assignment to_proto(const Assignment& value);
v1::ErrorEntry to_proto(const ErrorEntry& value);
v1::ErrorList to_proto(const std::vector<ErrorEntry>& value);
v1::RequestResult to_proto(const RequestResult& value);
v1::Tombstone to_proto(const Tombstone& value);
v1::InstanceId to_proto(const InstanceId& value);

NimbusInfo from_proto(const v1::NimbusInfo& message);
SupervisorInfo from_proto(const v1::SupervisorInfo& message);
TopologySpec from_proto(const v1::TopologySpec& message);
TopologyRecord from_proto(const v1::TopologyRecord& message);
Assignment from_proto(const v1::Assignment& message);
ErrorEntry from_proto(const v1::ErrorEntry& message);
std::vector<ErrorEntry> from_proto(
    const google::protobuf::RepeatedPtrField<v1::ErrorEntry>& messages);
std::vector<ErrorEntry> from_proto(const v1::ErrorList& message);
RequestResult from_proto(const v1::RequestResult& message);
Tombstone from_proto(const v1::Tombstone& message);
InstanceId from_proto(const v1::InstanceId& message);

/// The layout that this version writes and reads.
inline constexpr char kLayout = 1;

/// A node's payload. Map entries are written in order, so equal values give equal bytes.
std::string encode_message(const google::protobuf::Message& message);
/// DATA_LOSS, saying why, for what is no such payload or of another layout.
absl::Status decode_message(std::string_view payload, google::protobuf::Message& message);

template <class T>
std::string encode(const T& value) {
  return encode_message(to_proto(value));
}
template <class T>
absl::StatusOr<T> decode(std::string_view payload) {
  decltype(to_proto(T())) message;
  absl::Status status = decode_message(payload, message);
  if (!status.ok()) return status;
  return from_proto(message);
}

}  // namespace rafale::coord
