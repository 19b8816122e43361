// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Parts of counters as messages of stats.proto.
#pragma once

#include <string>

#include "rafale/v1/stats.pb.h"

namespace rafale::coord {

/// The counters of a stream; added if there are none.
inline v1::StreamStats& stream_of(v1::ComponentStats& stats, const std::string& name) {
  for (v1::StreamStats& stream : *stats.mutable_streams()) {
    if (stream.stream() == name) return stream;
  }
  v1::StreamStats& added = *stats.add_streams();
  added.set_stream(name);
  return added;
}

}  // namespace rafale::coord
