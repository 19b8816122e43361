// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What lies in ZooKeeper of clusters that run is read and written as it always was.

#include <functional>
#include <set>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "coord/cluster_codec.h"
#include "coord/cluster_state.h"
#include "coord/memory_store.h"
#include "tests/wire/golden.h"

namespace rafale::coord {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using support::golden;

NimbusInfo nimbus() {
  return {"6f1c", "nimbus-1.example", 6627, "0.1.0", 1, 1'784'131'200'123, 8080};
}

SupervisorInfo supervisor() {
  return {"a0b1", "77e2",          "worker-3.example", 6628, {6700, 6701, 6702, 6703}, "0.1.0",
          1,      "0c7d3a52-boot", 1'784'131'200'456,  8081, "/run/rafale/sockets"};
}

TopologySpec spec() {
  TopologySpec value;
  value.name = "word_count";
  value.components = {{"count", false, 2, 4, 1, "split"},
                      {"lines", true, 1, 1, 5, ""},
                      {"split", false, 3, 3, 6, ""}};
  value.settings = {{"topology.workers", "2"}, {"lines.file", "\"caf\xc3\xa9.txt\""}};
  value.workers = 2;
  value.abi = 3;
  value.description = R"({"name":"word_count"})";
  return value;
}

TopologyRecord record() {
  return {"words-3-1784131200",
          "words",
          TopologyState::rebalancing,
          std::string(64, '5'),
          std::string(64, 'a'),
          1'784'131'200'789,
          30'000,
          4,
          {{"count", 8}, {"split", 2}},
          "its plugin cannot be loaded",
          "CN=operator",
          7,
          TopologyState::inactive};
}

Assignment assignment() {
  Assignment value;
  value.topology = "words-3-1784131200";
  value.epoch = 12;
  value.spouts_active = true;
  value.workers = {{1, 2048, "a0b1", "worker-3.example", 6700, {{"count", 1, 2}, {"lines", 5, 5}}},
                   {2, 3072, "c2d3", "worker-4.example", 6701, {{"count", 3, 4}}}};
  value.plugin_sha256 = std::string(64, 'a');
  value.spec_sha256 = std::string(64, '5');
  value.name = "words";
  return value;
}

std::vector<ErrorEntry> errors() {
  return {
      {"split", "std::out_of_range: na\xc3\xafve", 1'784'131'201'000, "worker-3.example", 6700, 17},
      {"count", "boom", 1'784'131'200'900, "worker-4.example", 6701, 1}};
}

RequestResult request() {
  return {"5d2e", 6, "the name words is taken", "words-3-1784131200", 1'784'131'202'000};
}

Tombstone tombstone() {
  return {"words-3-1784131200", 1'784'131'203'000, {std::string(64, '5'), std::string(64, 'a')}};
}

/// Each message within, itself last.
void for_each_message(Message& message, const std::function<void(Message&)>& visit) {
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    // The entries of a map stand for themselves.
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    for (int i = 0; field->is_repeated() && i < reflection.FieldSize(message, field); ++i) {
      for_each_message(*reflection.MutableRepeatedMessage(&message, field, i), visit);
    }
  }
  visit(message);
}

/// The payload as a later version might write it, with fields that this one does not know.
template <class T>
std::string of_a_later_version(const T& value) {
  auto message = to_proto(value);
  for_each_message(message, [](Message& part) {
    auto& unknown = *part.GetReflection()->MutableUnknownFields(&part);
    unknown.AddVarint(1000, 123'456'789);
    unknown.AddLengthDelimited(1001, "what this version does not know");
    unknown.AddFixed32(1002, 7);
    unknown.AddFixed64(1003, 8);
    unknown.AddGroup(1004)->AddVarint(1, 2);
  });
  return encode_message(message);
}

/// Fields that no message of the value has set: a new field shall be frozen too.
template <class T>
std::set<std::string> fields_not_frozen(const T& value) {
  auto message = to_proto(value);
  std::set<std::string> all;
  std::set<std::string> set;
  for_each_message(message, [&](Message& part) {
    for (int i = 0; i < part.GetDescriptor()->field_count(); ++i) {
      all.insert(part.GetDescriptor()->field(i)->full_name());
    }
    std::vector<const FieldDescriptor*> fields;
    part.GetReflection()->ListFields(part, &fields);
    for (const FieldDescriptor* field : fields) set.insert(field->full_name());
  });
  for (const std::string& name : set) all.erase(name);
  return all;
}

template <class T>
void expect_frozen(const std::string& name, const std::string& about, const T& value) {
  const std::string frozen = golden(name, about, encode(value));
  const auto decoded = decode<T>(frozen);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, value);
  EXPECT_EQ(fields_not_frozen(value), std::set<std::string>{});

  const std::string later = of_a_later_version(value);
  EXPECT_GT(later.size(), frozen.size());
  const auto read = decode<T>(later);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, value) << "with fields that this version does not know";
}

TEST(Payloads, OfANimbus) {
  expect_frozen("zk_nimbus", "/election/n-GUID: layout 1, NimbusInfo", nimbus());
}

TEST(Payloads, OfASupervisor) {
  expect_frozen("zk_supervisor", "/supervisors/ID: layout 1, SupervisorInfo", supervisor());
}

TEST(Payloads, OfASpec) {
  expect_frozen("blob_spec", "a blob that records name: layout 1, TopologySpec", spec());
}

TEST(Payloads, OfATopology) {
  expect_frozen("zk_topology", "/topologies/ID: layout 1, TopologyRecord", record());
}

TEST(Payloads, OfAnAssignment) {
  expect_frozen("zk_assignment", "/assignments/ID: layout 1, Assignment", assignment());
}

TEST(Payloads, OfErrors) {
  expect_frozen("zk_errors", "/errors/ID: layout 1, ErrorList", errors());
}

TEST(Payloads, OfARequest) {
  expect_frozen("zk_request", "/requests/REQUEST: layout 1, RequestResult", request());
}

TEST(Payloads, OfATombstone) {
  expect_frozen("zk_tombstone", "/tombstones/ID: layout 1, Tombstone", tombstone());
}

TEST(Payloads, ErrorsAreCutBetweenCharactersAndRead) {
  MemoryTree tree;
  MemoryStore store(tree);
  ClusterState state(store, "/rafale");
  ASSERT_TRUE(state.prepare().ok());
  const std::string mine = state.election_path() + "/n-1b2c";
  ASSERT_TRUE(store.create(mine, "", Persistence::ephemeral).ok());
  const LeaderToken leader{mine, store.get(mine)->created};
  const std::string most(511, 'x');
  ASSERT_TRUE(state.add_errors(leader, "t", {{"c", most + "\xc3\xa9", 2, "h", 1, 1}}).ok());
  ASSERT_TRUE(state.add_errors(leader, "t", {{"c", "bad \xff", 1, "h", 1, 1}}).ok());
  const auto read = state.errors("t");
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at(0).text, most);
  EXPECT_EQ(read->at(1).text, "bad \xef\xbf\xbd");
}

TEST(Payloads, NumbersOfStatesAreFrozen) {
  std::string all;
  for (const TopologyState state :
       {TopologyState::active, TopologyState::inactive, TopologyState::killed,
        TopologyState::rebalancing, TopologyState::failed}) {
    TopologyRecord value;
    value.workers = 0;
    value.state = state;
    const std::string bytes = encode(value);
    EXPECT_EQ(decode<TopologyRecord>(bytes)->state, state);
    all += bytes;
  }
  golden("zk_topology_states", "layout 1 and a TopologyRecord with only its state, five times",
         all);
}

TEST(Payloads, AStateOfALaterVersionIsReadAsActive) {
  const auto read = decode<TopologyRecord>("\x01\x18\x63");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->state, TopologyState::active);
}

/// Path, kind and payload of every node below `path`.
void describe(Store& store, const std::string& path, std::string& to) {
  const auto node = store.get(path);
  ASSERT_TRUE(node.ok()) << node.status();
  to += path;
  to += node->ephemeral_owner != 0 ? " ephemeral\n" : " persistent\n";
  to += node->data + "\n";
  const auto children = store.children(path);
  ASSERT_TRUE(children.ok()) << children.status();
  for (const std::string& child : *children) describe(store, path + "/" + child, to);
}

TEST(Payloads, EachLiesAtItsPath) {
  MemoryTree tree;
  MemoryStore store(tree);
  ClusterState state(store, "/rafale");
  ASSERT_TRUE(state.prepare().ok());
  const std::string mine = state.election_path() + "/n-1b2c";
  ASSERT_TRUE(store.create(mine, encode(nimbus()), Persistence::ephemeral).ok());
  const LeaderToken leader{mine, store.get(mine)->created};
  ASSERT_TRUE(
      store.create(state.supervisor_path("a0b1"), encode(supervisor()), Persistence::ephemeral)
          .ok());
  ASSERT_TRUE(state.add_topology(leader, record(), assignment(), request()).ok());
  ASSERT_TRUE(state.add_errors(leader, record().id, errors()).ok());
  TopologyRecord gone = record();
  gone.id = "letters-1-1784131000";
  gone.name = "letters";
  RequestResult other = request();
  other.request_id = "6e3f";
  ASSERT_TRUE(state.add_topology(leader, gone, std::nullopt, other).ok());
  Tombstone stone = tombstone();
  stone.topology = gone.id;
  ASSERT_TRUE(state.remove_topology(leader, gone.id, stone).ok());

  std::string nodes;
  describe(store, "/rafale", nodes);
  golden("zk_tree", "every node of a small cluster: path, kind, line feed, payload, line feed",
         nodes);
}

}  // namespace
}  // namespace rafale::coord
