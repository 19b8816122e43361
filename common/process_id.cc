// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reads /proc/PID/stat.

#include "common/process_id.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace rafale::common {
namespace {

struct Stat {
  char state = '?';
  std::uint64_t start_time = 0;  // 0: there is no such process
};

Stat stat_of(std::uint32_t pid) {
  Stat stat;
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  // The name in parentheses may hold anything; fields are counted after it.
  const std::size_t after = text.rfind(')');
  if (after == std::string::npos) return stat;
  std::istringstream fields(text.substr(after + 1));
  fields >> stat.state;
  std::string skipped;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  fields >> stat.start_time;
  return stat;
}

}  // namespace

ProcessId process_of(std::uint32_t pid) { return {pid, stat_of(pid).start_time}; }

bool is_running(const ProcessId& process) {
  if (process.pid == 0) return false;
  const Stat stat = stat_of(process.pid);
  return stat.start_time != 0 && stat.start_time == process.start_time && stat.state != 'Z' &&
         stat.state != 'X';
}

}  // namespace rafale::common
