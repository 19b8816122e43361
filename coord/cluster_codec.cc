// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Member by member.

#include "coord/cluster_codec.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "absl/strings/str_cat.h"

namespace rafale::coord {
namespace {

v1::TopologyState to_proto(TopologyState state) {
  switch (state) {
    case TopologyState::active:
      return v1::TOPOLOGY_STATE_ACTIVE;
    case TopologyState::inactive:
      return v1::TOPOLOGY_STATE_INACTIVE;
    case TopologyState::killed:
      return v1::TOPOLOGY_STATE_KILLED;
    case TopologyState::rebalancing:
      return v1::TOPOLOGY_STATE_REBALANCING;
    case TopologyState::failed:
      return v1::TOPOLOGY_STATE_FAILED;
  }
  return v1::TOPOLOGY_STATE_UNSPECIFIED;
}

TopologyState from_proto(v1::TopologyState state) {
  switch (state) {
    case v1::TOPOLOGY_STATE_INACTIVE:
      return TopologyState::inactive;
    case v1::TOPOLOGY_STATE_KILLED:
      return TopologyState::killed;
    case v1::TOPOLOGY_STATE_REBALANCING:
      return TopologyState::rebalancing;
    case v1::TOPOLOGY_STATE_FAILED:
      return TopologyState::failed;
    default:
      return TopologyState::active;
  }
}

}  // namespace

v1::NimbusInfo to_proto(const NimbusInfo& value) {
  v1::NimbusInfo message;
  message.set_id(value.id);
  message.set_host(value.host);
  message.set_port(value.port);
  message.set_version(value.version);
  message.set_protocol(value.protocol);
  message.set_started_unix_ms(value.started_unix_ms);
  message.set_http_port(value.http_port);
  return message;
}

NimbusInfo from_proto(const v1::NimbusInfo& message) {
  return {message.id(),       message.host(),     message.port(),
          message.version(),  message.protocol(), message.started_unix_ms(),
          message.http_port()};
}

v1::SupervisorInfo to_proto(const SupervisorInfo& value) {
  v1::SupervisorInfo message;
  message.set_id(value.id);
  message.set_incarnation(value.incarnation);
  message.set_host(value.host);
  message.set_port(value.port);
  message.mutable_slot_ports()->Add(value.slot_ports.begin(), value.slot_ports.end());
  message.set_version(value.version);
  message.set_protocol(value.protocol);
  message.set_boot_id(value.boot_id);
  message.set_started_unix_ms(value.started_unix_ms);
  message.set_http_port(value.http_port);
  message.set_socket_dir(value.socket_dir);
  return message;
}

SupervisorInfo from_proto(const v1::SupervisorInfo& message) {
  return {message.id(),
          message.incarnation(),
          message.host(),
          message.port(),
          {message.slot_ports().begin(), message.slot_ports().end()},
          message.version(),
          message.protocol(),
          message.boot_id(),
          message.started_unix_ms(),
          message.http_port(),
          message.socket_dir()};
}

v1::TopologySpec to_proto(const TopologySpec& value) {
  v1::TopologySpec message;
  message.set_name(value.name);
  for (const ComponentSpec& component : value.components) {
    v1::ComponentSpec& to = *message.add_components();
    to.set_name(component.name);
    to.set_spout(component.spout);
    to.set_executors(component.executors);
    to.set_tasks(component.tasks);
    to.set_first_task(component.first_task);
    to.set_fused_into(component.fused_into);
  }
  message.mutable_settings()->insert(value.settings.begin(), value.settings.end());
  message.set_workers(value.workers);
  message.set_abi(value.abi);
  message.set_description(value.description);
  return message;
}

TopologySpec from_proto(const v1::TopologySpec& message) {
  TopologySpec value;
  value.name = message.name();
  value.components.reserve(static_cast<std::size_t>(message.components_size()));
  for (const v1::ComponentSpec& component : message.components()) {
    value.components.push_back({component.name(), component.spout(), component.executors(),
                                component.tasks(), component.first_task(), component.fused_into()});
  }
  value.settings.insert(message.settings().begin(), message.settings().end());
  value.workers = message.workers();
  value.abi = message.abi();
  value.description = message.description();
  return value;
}

v1::TopologyRecord to_proto(const TopologyRecord& value) {
  v1::TopologyRecord message;
  message.set_id(value.id);
  message.set_name(value.name);
  message.set_state(to_proto(value.state));
  message.set_spec_sha256(value.spec_sha256);
  message.set_plugin_sha256(value.plugin_sha256);
  message.set_submitted_unix_ms(value.submitted_unix_ms);
  message.set_wait_ms(value.wait_ms);
  message.set_workers(value.workers);
  message.mutable_executors()->insert(value.executors.begin(), value.executors.end());
  message.set_reason(value.reason);
  message.set_owner(value.owner);
  message.set_rebalances(value.rebalances);
  if (value.state_before != TopologyState::active) {
    message.set_state_before(to_proto(value.state_before));
  }
  return message;
}

TopologyRecord from_proto(const v1::TopologyRecord& message) {
  return {message.id(),
          message.name(),
          from_proto(message.state()),
          message.spec_sha256(),
          message.plugin_sha256(),
          message.submitted_unix_ms(),
          message.wait_ms(),
          message.workers(),
          {message.executors().begin(), message.executors().end()},
          message.reason(),
          message.owner(),
          message.rebalances(),
          from_proto(message.state_before())};
}

v1::Assignment to_proto(const Assignment& value) {
  v1::Assignment message;
  message.set_topology(value.topology);
  message.set_epoch(value.epoch);
  message.set_spouts_active(value.spouts_active);
  for (const WorkerAssignment& worker : value.workers) {
    v1::WorkerAssignment& to = *message.add_workers();
    to.set_number(worker.number);
    to.set_instance_base(worker.instance_base);
    to.set_supervisor(worker.supervisor);
    to.set_host(worker.host);
    to.set_port(worker.port);
    for (const ExecutorAssignment& executor : worker.executors) {
      v1::ExecutorAssignment& added = *to.add_executors();
      added.set_component(executor.component);
      added.set_first_task(executor.first_task);
      added.set_last_task(executor.last_task);
    }
  }
  message.set_plugin_sha256(value.plugin_sha256);
  message.set_spec_sha256(value.spec_sha256);
  message.set_name(value.name);
  return message;
}

Assignment from_proto(const v1::Assignment& message) {
  Assignment value;
  value.topology = message.topology();
  value.epoch = message.epoch();
  value.spouts_active = message.spouts_active();
  value.workers.reserve(static_cast<std::size_t>(message.workers_size()));
  for (const v1::WorkerAssignment& worker : message.workers()) {
    WorkerAssignment& to = value.workers.emplace_back();
    to.number = worker.number();
    to.instance_base = worker.instance_base();
    to.supervisor = worker.supervisor();
    to.host = worker.host();
    to.port = worker.port();
    to.executors.reserve(static_cast<std::size_t>(worker.executors_size()));
    for (const v1::ExecutorAssignment& executor : worker.executors()) {
      to.executors.push_back({executor.component(), executor.first_task(), executor.last_task()});
    }
  }
  value.plugin_sha256 = message.plugin_sha256();
  value.spec_sha256 = message.spec_sha256();
  value.name = message.name();
  return value;
}

v1::ErrorEntry to_proto(const ErrorEntry& value) {
  v1::ErrorEntry message;
  message.set_component(value.component);
  message.set_text(value.text);
  message.set_at_unix_ms(value.at_unix_ms);
  message.set_host(value.host);
  message.set_port(value.port);
  message.set_count(value.count);
  return message;
}

ErrorEntry from_proto(const v1::ErrorEntry& message) {
  return {message.component(), message.text(), message.at_unix_ms(),
          message.host(),      message.port(), message.count()};
}

v1::ErrorList to_proto(const std::vector<ErrorEntry>& value) {
  v1::ErrorList message;
  for (const ErrorEntry& error : value) *message.add_errors() = to_proto(error);
  return message;
}

std::vector<ErrorEntry> from_proto(
    const google::protobuf::RepeatedPtrField<v1::ErrorEntry>& messages) {
  std::vector<ErrorEntry> value;
  value.reserve(static_cast<std::size_t>(messages.size()));
  for (const v1::ErrorEntry& error : messages) value.push_back(from_proto(error));
  return value;
}

std::vector<ErrorEntry> from_proto(const v1::ErrorList& message) {
  return from_proto(message.errors());
}

v1::RequestResult to_proto(const RequestResult& value) {
  v1::RequestResult message;
  message.set_request_id(value.request_id);
  message.set_code(value.code);
  message.set_message(value.message);
  message.set_topology(value.topology);
  message.set_at_unix_ms(value.at_unix_ms);
  return message;
}

RequestResult from_proto(const v1::RequestResult& message) {
  return {message.request_id(), message.code(), message.message(), message.topology(),
          message.at_unix_ms()};
}

v1::Tombstone to_proto(const Tombstone& value) {
  v1::Tombstone message;
  message.set_topology(value.topology);
  message.set_at_unix_ms(value.at_unix_ms);
  message.mutable_blobs()->Add(value.blobs.begin(), value.blobs.end());
  return message;
}

Tombstone from_proto(const v1::Tombstone& message) {
  return {
      message.topology(), message.at_unix_ms(), {message.blobs().begin(), message.blobs().end()}};
}

v1::InstanceId to_proto(const InstanceId& value) {
  v1::InstanceId message;
  message.set_topology(value.topology);
  message.set_worker(value.worker);
  message.set_instance(value.instance);
  return message;
}

InstanceId from_proto(const v1::InstanceId& message) {
  return {message.topology(), message.worker(), message.instance()};
}

std::string encode_message(const google::protobuf::Message& message) {
  std::string payload(1, kLayout);
  google::protobuf::io::StringOutputStream stream(&payload);
  google::protobuf::io::CodedOutputStream out(&stream);
  out.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&out);
  out.Trim();
  return payload;
}

absl::Status decode_message(std::string_view payload, google::protobuf::Message& message) {
  if (payload.empty()) return absl::DataLossError("the payload is empty");
  if (payload.front() != kLayout) {
    return absl::DataLossError(absl::StrCat("the payload has layout ",
                                            static_cast<int>(payload.front()),
                                            ", this version knows ", static_cast<int>(kLayout)));
  }
  payload.remove_prefix(1);
  if (!message.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return absl::DataLossError("the payload cannot be decoded");
  }
  return absl::OkStatus();
}

}  // namespace rafale::coord
