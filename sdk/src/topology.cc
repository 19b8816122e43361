// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Look-up in a topology, and how emit() counts streams.
#include "rafale/topology.h"

namespace rafale {

const StreamDef* ComponentDef::stream(std::string_view stream_name) const {
  for (const StreamDef& def : streams) {
    if (def.name == stream_name) return &def;
  }
  return nullptr;
}

const ComponentDef* Topology::component(std::string_view component_name) const {
  for (const ComponentDef& def : components) {
    if (def.name == component_name) return &def;
  }
  return nullptr;
}

std::optional<StreamId> stream_index(const ComponentDef& component, std::string_view stream_name) {
  std::uint16_t named = 0;
  for (const StreamDef& def : component.streams) {
    const bool is_default = def.name == "default";
    if (!is_default) ++named;
    if (def.name == stream_name) return is_default ? kDefaultStream : StreamId{named};
  }
  return std::nullopt;
}

std::size_t stream_slots(const ComponentDef& component) {
  return component.streams.size() + (component.stream("default") == nullptr ? 1 : 0);
}

}  // namespace rafale
