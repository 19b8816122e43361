// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Logs of workers: where they lie, how they stay small, how they are read.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace rafale::supervisor {

/// LOG_DIR/workers/TOPOLOGY/PORT; the worker's folder too, so dead letters lie beside the log.
std::string log_folder(const std::string& log_dir, const std::string& topology, std::uint32_t port);

/// Bytes of the file now; 0 if there is none.
std::uint64_t size_of(const std::string& path);

/// When the log has more than `most` bytes, its text becomes log.1, that log.2, and the log is cut.
/// The worker holds it open for appending, so it is copied and not renamed; what is written between
/// the two steps is lost.
void rotate_log(const std::string& path, std::int64_t most);

/// The last lines of what was written from `from` on, at most `most` bytes.
std::string last_words(const std::string& path, std::uint64_t from, std::size_t most);

/// Gives the last `lines` lines that contain `component` (if not empty), then, while `follow`, what
/// is appended until `stop` or `give` returns false.
void read_log(const std::string& path, std::uint32_t lines, bool follow,
              const std::string& component, const std::function<bool()>& stop,
              const std::function<bool(const std::string& line)>& give);

}  // namespace rafale::supervisor
