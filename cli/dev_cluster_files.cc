// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reading and writing of dev_cluster_files.h.

#include "cli/dev_cluster_files.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rafale::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
constexpr const char* kState = "processes.json";

Json read_json(const std::string& path) {
  std::ifstream in(path);
  return Json::parse(in, nullptr, false);
}

}  // namespace

DevClusterFiles::DevClusterFiles(std::string dir) : dir_(fs::absolute(dir).lexically_normal()) {
  while (dir_.size() > 1 && dir_.ends_with('/')) dir_.pop_back();
}

std::string DevClusterFiles::default_dir() {
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state != '\0') return std::string(state) + "/rafale/dev-cluster";
  const char* home = std::getenv("HOME");
  return std::string(home == nullptr ? "/tmp" : home) + "/.local/state/rafale/dev-cluster";
}

absl::Status DevClusterFiles::make_dirs(const std::vector<std::string>& names) const {
  std::error_code error;
  fs::create_directories(dir_, error);
  for (const std::string& name : names) {
    if (!error) fs::create_directories(path(name), error);
  }
  if (error) {
    return absl::FailedPreconditionError(
        fmt::format("cannot make {}: {}; --dir names another place", dir_, error.message()));
  }
  return absl::OkStatus();
}

absl::Status DevClusterFiles::write(const std::string& name, const std::string& text) const {
  const std::string target = path(name);
  {
    std::ofstream out(target + ".new");
    out << text;
    if (!out.flush()) return absl::FailedPreconditionError(fmt::format("cannot write {}", target));
  }
  std::error_code error;
  fs::rename(target + ".new", target, error);
  return error ? absl::FailedPreconditionError(fmt::format("{}: {}", target, error.message()))
               : absl::OkStatus();
}

std::vector<DevProcess> DevClusterFiles::processes() const {
  std::vector<DevProcess> processes;
  const Json state = read_json(path(kState));
  if (!state.is_array()) return processes;
  for (const Json& entry : state) {
    processes.push_back({entry.value("name", ""),
                         {entry.value("pid", 0U), entry.value("start_time", std::uint64_t{0})},
                         entry.value("log", "")});
  }
  return processes;
}

absl::Status DevClusterFiles::save(const std::vector<DevProcess>& processes) const {
  Json state = Json::array();
  for (const DevProcess& process : processes) {
    state.push_back({{"name", process.name},
                     {"pid", process.process.pid},
                     {"start_time", process.process.start_time},
                     {"log", process.log}});
  }
  return write(kState, state.dump(2) + "\n");
}

std::vector<common::ProcessId> DevClusterFiles::workers() const {
  std::vector<common::ProcessId> workers;
  std::error_code error;
  for (const auto& host : fs::directory_iterator(dir_, error)) {
    const fs::path slots = host.path() / "supervisor" / "slots";
    std::error_code none;
    for (const auto& slot : fs::directory_iterator(slots, none)) {
      const Json state = read_json(slot.path() / "slot.json");
      if (!state.is_object()) continue;
      const common::ProcessId worker{state.value("pid", 0U),
                                     state.value("start_time", std::uint64_t{0})};
      if (worker.pid != 0) workers.push_back(worker);
    }
  }
  return workers;
}

void DevClusterFiles::remove_state() const {
  std::error_code error;
  fs::remove(path(kState), error);
}

std::string zookeeper_settings(const DevClusterFiles& files, std::uint16_t port) {
  return fmt::format(
      "tickTime=500\ndataDir={}\nclientPort={}\nclientPortAddress=127.0.0.1\n"
      "admin.enableServer=false\nmaxClientCnxns=0\n4lw.commands.whitelist=ruok,srvr\n",
      files.path("zookeeper"), port);
}

std::string cluster_settings(const DevPorts& ports) {
  std::string seeds;
  for (const std::uint16_t port : ports.nimbuses) {
    seeds += fmt::format("{}\"127.0.0.1:{}\"", seeds.empty() ? "" : ", ", port);
  }
  return fmt::format(
      "# Written by rafale dev-cluster start.\nstorm.zookeeper.servers: [\"127.0.0.1\"]\n"
      "storm.zookeeper.port: {}\nstorm.local.hostname: 127.0.0.1\nrafale.bind: 127.0.0.1\n"
      "nimbus.seeds: [{}]\n",
      ports.zookeeper, seeds);
}

}  // namespace rafale::cli
