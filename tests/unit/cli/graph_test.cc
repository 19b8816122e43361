// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Graphs as text and DOT.

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/graph_dot.h"
#include "cli/graph_text.h"

namespace rafale::cli {
namespace {

using testing::HasSubstr;
using Json = nlohmann::ordered_json;

Json component(const char* name, const char* kind, Json inputs) {
  return {{"name", name},
          {"kind", kind},
          {"executors", 2},
          {"tasks", 4},
          {"blocking", true},
          {"fuse", false},
          {"streams", Json::array()},
          {"inputs", std::move(inputs)},
          {"settings", Json::object()}};
}

Json input(const char* from, const char* stream, Json fields) {
  return {{"component", from},
          {"stream", stream},
          {"grouping", "fields"},
          {"fields", std::move(fields)}};
}

Json graph() {
  Json components = Json::array();
  components.push_back(
      component("a_sink", "bolt", Json::array({input("b_split", "late", {"x", "y"})})));
  components.push_back(
      component("b_split", "bolt", Json::array({input("c_feed", "default", {"k"})})));
  components.push_back(component("c_feed", "spout", Json::array()));
  return {{"topology", "say \"hi\""},
          {"components", std::move(components)},
          {"options", Json::array()},
          {"settings", Json::object()}};
}

TEST(GraphText, RunsDownstreamFromTheSpouts) {
  EXPECT_EQ(graph_text(graph()),
            "topology say \"hi\"\n"
            "\nc_feed  spout, 2 executors, 4 tasks, threads of its own, never fused\n"
            "\nb_split  bolt, 2 executors, 4 tasks, threads of its own, never fused\n"
            "  <- c_feed  fields(k)\n"
            "\na_sink  bolt, 2 executors, 4 tasks, threads of its own, never fused\n"
            "  <- b_split.late  fields(x, y)\n");
}

TEST(GraphText, ShowsACycleToo) {
  Json cyclic = graph();
  cyclic["components"][1]["inputs"].push_back(input("a_sink", "default", {"k"}));
  const std::string text = graph_text(cyclic);
  EXPECT_THAT(text, HasSubstr("\na_sink  bolt"));
  EXPECT_THAT(text, HasSubstr("\nb_split  bolt"));
}

TEST(GraphDot, QuotesNames) {
  const std::string dot = graph_dot(graph());
  EXPECT_THAT(dot, HasSubstr("digraph \"say \\\"hi\\\"\" {"));
  EXPECT_THAT(dot, HasSubstr("\"b_split\" -> \"a_sink\" [label=\"late\\nfields(x, y)\"];"));
  EXPECT_THAT(dot, HasSubstr("\"c_feed\" [label=\"c_feed x2\\n4 tasks\", shape=house"));
}

}  // namespace
}  // namespace rafale::cli
