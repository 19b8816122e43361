// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Running the command line, and reading what the processes leave to be read.
#include "bench/cluster.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "bench/program.h"
#include "common/counter_file.h"

namespace rafale::bench {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

constexpr const char* kName = "bench";
constexpr const char* kServer = "/usr/share/java/zookeeper.jar";

Json read_json(const fs::path& path) {
  std::ifstream in(path);
  return Json::parse(in, nullptr, false);
}

/// Fields of /proc/PID/stat from the third on.
std::vector<std::string> stat_of(std::uint32_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  const std::size_t behind = text.rfind(')');
  if (behind == std::string::npos) {
    throw std::runtime_error("process " + std::to_string(pid) + " has ended");
  }
  std::istringstream fields(text.substr(behind + 1));
  return {std::istream_iterator<std::string>(fields), std::istream_iterator<std::string>()};
}

double cpu_seconds_of(std::uint32_t pid) {
  constexpr std::size_t kUser = 11;  // utime and stime
  const std::vector<std::string> fields = stat_of(pid);
  const double ticks = std::stod(fields.at(kUser)) + std::stod(fields.at(kUser + 1));
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double resident_mb_of(std::uint32_t pid) {
  constexpr std::size_t kResident = 21;
  return std::stod(stat_of(pid).at(kResident)) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

/// Calls use(values) with each block of a component's counter.
template <class Use>
void for_each_block(const std::vector<std::string>& files, const std::string& component,
                    const std::string& counter, const Use& use) {
  const std::string prefix = component + "|" + counter + "|";
  for (const std::string& file : files) {
    const auto blocks = common::read_counter_file(file);
    if (!blocks.ok()) {
      throw std::runtime_error(std::string(blocks.status().message()));
    }
    for (const common::CounterValues& block : *blocks) {
      if (block.block.name.starts_with(prefix)) use(block.values);
    }
  }
}

}  // namespace

std::string Cluster::missing() {
  return ::access(kServer, R_OK) == 0
             ? ""
             : std::string("there is no ZooKeeper server, ") + kServer + "; apt install zookeeper";
}

Cluster::~Cluster() {
  if (dir_.empty()) return;
  try {
    output_of_program({program_, "dev-cluster", "stop", "--dir", dir_});
  } catch (const std::exception& e) {
    std::cerr << "rafale-bench: " << e.what() << '\n';
  }
  std::error_code error;
  fs::remove_all(dir_, error);
}

void Cluster::start(const Options& options) {
  if (!dir_.empty()) return;
  std::string dir = "/tmp/rafale-bench-XXXXXX";  // unix sockets lie in it: a short path
  if (::mkdtemp(dir.data()) == nullptr) {
    throw std::runtime_error("cannot make a folder in /tmp");
  }
  dir_ = dir;
  program_ = options.plugins + "/rafale";
  std::vector<std::string> command{program_, "dev-cluster",   "start", "--dir",
                                   dir_,     "--supervisors", "2"};
  if (wire_ != Wire::unix_socket) command.emplace_back("--hosts");
  if (wire_ == Wire::tls) command.emplace_back("--tls");
  output_of_program(command);
}

void Cluster::rafale(const Options& options, std::vector<std::string> arguments) {
  start(options);
  arguments.insert(arguments.begin(), program_);
  ::setenv("RAFALE_CONFIG", (dir_ + "/rafale.yaml").c_str(), 1);
  output_of_program(arguments);
}

void Cluster::submit(const Options& options, const std::string& plugin, const Settings& settings) {
  std::vector<std::string> command{"submit", options.plugins + "/" + plugin, "--name", kName,
                                   "--wait"};
  for (const auto& [key, value] : settings) {
    command.emplace_back("-c");
    command.push_back(key + "=" + value);
  }
  rafale(options, command);
  submitted_ = true;
  look_for_workers();
}

void Cluster::look_for_workers() {
  const Json status = Json::parse(output_of_program({program_, "status", kName, "-o", "json"}));
  const auto id = status.at("id").get<std::string>();  // slots may still name the one before
  counter_files_.clear();
  workers_.clear();
  for (const auto& host : fs::directory_iterator(dir_)) {
    std::error_code none;
    for (const auto& slot : fs::directory_iterator(host.path() / "supervisor" / "slots", none)) {
      const Json facts = read_json(slot.path() / "slot.json");
      if (!facts.is_object() || facts.value("topology", "") != id) continue;
      workers_.push_back(facts.value("pid", 0u));
      counter_files_.push_back((slot.path() / "counters").string());
    }
  }
  if (workers_.empty()) throw std::runtime_error("no worker runs in " + dir_);
}

void Cluster::kill() {
  if (!std::exchange(submitted_, false)) return;
  output_of_program({program_, "kill", kName, "-w", "0"});
}

std::uint64_t Cluster::total(const std::string& component, const std::string& counter) const {
  std::uint64_t sum = 0;
  for_each_block(counter_files_, component, counter,
                 [&](const std::vector<std::uint64_t>& values) { sum += values.at(0); });
  return sum;
}

std::vector<std::uint64_t> Cluster::buckets(const std::string& component,
                                            const std::string& counter) const {
  std::vector<std::uint64_t> sum;
  for_each_block(counter_files_, component, counter, [&](const std::vector<std::uint64_t>& values) {
    sum.resize(std::max(sum.size(), values.size()));
    for (std::size_t i = 0; i < values.size(); ++i) sum[i] += values[i];
  });
  return sum;
}

double Cluster::worker_cpu_seconds() const {
  double sum = 0;
  for (const std::uint32_t pid : workers_) sum += cpu_seconds_of(pid);
  return sum;
}

std::vector<Cluster::Cost> Cluster::costs() const {
  std::vector<Cost> costs;
  const auto add = [&](const std::string& name, std::uint32_t pid) {
    costs.push_back({name, cpu_seconds_of(pid), resident_mb_of(pid)});
  };
  for (const Json& process : read_json(dir_ + "/processes.json")) {
    const auto name = process.value("name", std::string());
    if (name != "zookeeper") add(name, process.value("pid", 0u));
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) add("worker-" + std::to_string(i), workers_[i]);
  return costs;
}

}  // namespace rafale::bench
