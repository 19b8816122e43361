// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// What emit() calls when a row does not simply fit.
#include "rafale/collector.h"

#include <stdexcept>
#include <string>

namespace rafale::detail {
namespace {

std::string where(const StreamInfo& info) {
  return "component \"" + info.component + "\", stream \"" + info.stream + "\"";
}

// Word by word, as the row was written: wider loads would wait for several stores.
bool has_tags(const char* row, std::span<const std::uint64_t> tags) {
  bool equal = row::load<std::uint16_t>(row + 6) == tags[0];
  for (std::size_t word = 1; word < tags.size(); ++word) {
    equal &= row::load<std::uint64_t>(row + 8 * word) == tags[word];
  }
  return equal;
}

}  // namespace

Emitter::~Emitter() = default;

std::pair<OutPort*, std::size_t> Emitter::write_row(StreamId stream, std::string_view encoded) {
  OutPort& port = port_of(stream);
  if (static_cast<std::size_t>(port.limit - port.cursor) < encoded.size()) {
    room(port, encoded.size());
  }
  row::copy_short(port.cursor, encoded.data(), encoded.size());
  return {&port, encoded.size()};
}

void Emitter::check_schema(const OutPort& port) const {
  const Schema& schema = port.stream->schema;
  const std::size_t given = row::field_count(port.cursor);
  if (given == schema.size()) {
    if (has_tags(port.cursor, schema.tags())) [[likely]]
      return;
  } else {
    throw std::invalid_argument(where(*port.stream) + ": " + std::to_string(given) +
                                " values emitted, but the schema is " + schema.to_string());
  }
  for (std::size_t at = 0; at < given; ++at) {
    const FieldType type = row::tag(port.cursor, at);
    if (type != schema[at].type && type != FieldType::null) [[unlikely]] {
      throw std::invalid_argument(where(*port.stream) + ", field \"" + schema[at].name +
                                  "\": expected " + std::string(to_string(schema[at].type)) +
                                  ", given " + std::string(to_string(type)));
    }
  }
}

void Emitter::no_such_stream(StreamId stream) const {
  std::string component;
  std::string streams;
  for (std::size_t at = 0; at < port_count_; ++at) {
    if (ports_[at].stream == nullptr) continue;
    component = ports_[at].stream->component;
    streams += (streams.empty() ? "\"" : ", \"") + ports_[at].stream->stream + "\"";
  }
  const std::string missing =
      stream.index == 0 ? "default stream" : "stream with index " + std::to_string(stream.index);
  throw std::invalid_argument(streams.empty() ? "emit: the component declares no streams"
                                              : "component \"" + component + "\" has no " +
                                                    missing + "; it declares " + streams);
}

void Emitter::row_too_large(const OutPort& port, std::size_t bytes, std::size_t limit) {
  throw std::length_error(where(*port.stream) + ": a row of " + std::to_string(bytes) +
                          " bytes is above topology.max.tuple.bytes, " + std::to_string(limit));
}

}  // namespace rafale::detail
