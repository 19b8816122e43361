// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A dead letter as one line of JSON, wherever it goes.
#pragma once

#include <cstdint>
#include <string>

#include "rafale/failure.h"
#include "rafale/types.h"

namespace rafale::worker {

/// An object with record, reason, component, task, attempts, source, position, time (milliseconds
/// since 1970) and topology; a record that is no UTF-8 has record_hex besides. No line feed.
std::string dead_letter_line(const std::string& topology, const std::string& component, TaskId task,
                             const DeadLetter& letter, std::int64_t wall_ms);

}  // namespace rafale::worker
