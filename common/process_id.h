// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Processes beyond the reuse of their numbers.
#pragma once

#include <cstdint>

namespace rafale::common {

/// A process for as long as the machine is up: numbers come again, with another start time.
struct ProcessId {
  std::uint32_t pid = 0;         ///< 0: none
  std::uint64_t start_time = 0;  ///< field 22 of /proc/PID/stat; 0 if there is no such process
};

/// The process that has this number now. Any thread.
ProcessId process_of(std::uint32_t pid);

/// Whether exactly this process runs; a zombie does not. Any thread.
bool is_running(const ProcessId& process);

}  // namespace rafale::common
