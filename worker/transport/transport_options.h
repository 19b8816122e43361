// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What a transport must know.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/security.h"
#include "worker/transport/transport.h"

namespace rafale::worker {

struct Transport::Options {
  std::string topology;      ///< id; links between topologies are refused
  std::uint32_t worker = 0;  ///< this worker and which of its lives
  std::uint32_t instance = 1;
  std::string bind = "127.0.0.1";
  std::uint16_t port = 0;     ///< 0: a free one
  std::string unix_socket{};  ///< empty: none
  common::Security security{};
  TaskId tasks = 0;                         ///< highest task number of the topology
  std::uint32_t workers = 2;                ///< of the topology, to share out receive_memory
  std::size_t receive_memory = 256u << 20;  ///< worker.receive.memory
  std::size_t max_batch_bytes = 16u << 20;  ///< a batch that claims more cuts the link

  /// The text of a failure, by the number that records have; any thread.
  std::function<std::string(std::uint32_t)> failure_text = [](std::uint32_t) {
    return std::string();
  };
  /// A number for a text that came with a record of a failure in `task`; I/O thread.
  std::function<std::uint32_t(TaskId, std::string_view)> note_failure =
      [](TaskId, std::string_view) { return 0u; };
};

}  // namespace rafale::worker
