// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// One function for each thing looked at.

#include "cli/doctor_checks.h"

#include <netdb.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "cli/certificates.h"
#include "cli/output.h"
#include "cli/programs.h"
#include "common/clock.h"
#include "common/durable_file.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::uint64_t kLittleDisk = std::uint64_t{1} << 30;
constexpr std::int64_t kMuchSkewMs = 1000;

/// Empty if a TCP connection can be made, else why not.
std::string cannot_connect(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (code != 0) return fmt::format("the name cannot be resolved: {}", gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  std::string why = "no address";
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = connect(fd, address->ai_addr, address->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      pollfd wait{.fd = fd, .events = POLLOUT, .revents = 0};
      socklen_t size = sizeof error;
      if (poll(&wait, 1, 2000) <= 0) {
        error = ETIMEDOUT;
      } else {
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
      }
    }
    close(fd);
    if (error == 0) return {};
    why = std::strerror(error);
  }
  return why;
}

Finding check_program(const std::string& name) {
  const std::string path = program_beside(name);
  if (access(path.c_str(), X_OK) == 0) return {Health::good, name, path, ""};
  return {Health::bad, name, fmt::format("{} is missing or cannot be run", path),
          "install all programs of Rafale into one directory"};
}

Finding check_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const std::string detail = fmt::format("{} (hard limit {})", limit.rlim_cur, limit.rlim_max);
  if (limit.rlim_max >= 65'536) return {Health::good, "open files", detail, ""};
  return {Health::doubtful, "open files", detail,
          "raise the hard limit to 65536 or more: LimitNOFILE= of the unit, or limits.conf"};
}

Finding check_disk(const std::string& dir) {
  std::filesystem::path path = dir;
  std::error_code error;
  while (!std::filesystem::exists(path, error) && path.has_relative_path()) {
    path = path.parent_path();
  }
  const auto space = std::filesystem::space(path, error);
  const std::string what = "disk of " + dir;
  if (error) return {Health::doubtful, what, error.message(), "see storm.local.dir"};
  const std::string detail = bytes_text(space.available) + " free";
  if (space.available >= kLittleDisk) return {Health::good, what, detail, ""};
  return {Health::doubtful, what, detail, "make room, or set storm.local.dir to another disk"};
}

void check_certificates(const common::Security& security, std::vector<Finding>& findings) {
  Certified own;
  std::string authority;
  const std::pair<const std::string*, std::string*> files[] = {
      {&security.ca_file, &authority},
      {&security.cert_file, &own.certificate},
      {&security.key_file, &own.key}};
  for (const auto& [file, text] : files) {
    const auto read = common::read_whole(*file);
    if (!read.ok()) {
      findings.push_back({Health::bad, "certificates", std::string(read.status().message()),
                          "see rafale.tls.ca, .cert and .key; rafale certs makes certificates"});
      return;
    }
    *text = *read;
  }
  const std::int64_t now = common::SystemClock().wall_ms() / 1000;
  const absl::Status whole = check_certificate(own, authority, now);
  if (!whole.ok()) {
    findings.push_back({Health::bad, "certificate " + security.cert_file,
                        std::string(whole.message()), "rafale certs issue makes a new one"});
    return;
  }
  constexpr std::int64_t kDay = 24 * 60 * 60;
  constexpr std::int64_t kFewDays = 30;
  const std::int64_t days = (read_certificate(own.certificate)->valid_until - now) / kDay;
  findings.push_back({days < kFewDays ? Health::doubtful : Health::good,
                      "certificate " + security.cert_file,
                      fmt::format("valid for {} days more", days),
                      days < kFewDays ? "rafale certs issue makes a new one" : ""});
}

}  // namespace

std::vector<Finding> check_machine(const common::ClusterConfig& config) {
  std::vector<Finding> findings{check_program("rafale-nimbus"), check_program("rafale-supervisor"),
                                check_program("rafale-worker"), check_files(),
                                check_disk(config.local_dir)};
  if (config.security.tls()) {
    check_certificates(config.security, findings);
  } else {
    findings.push_back({config.security.insecure ? Health::doubtful : Health::good, "encryption",
                        config.security.insecure ? "insecure: true: everything is in plain text"
                                                 : "none, so loopback only",
                        config.security.insecure ? "rafale certs makes certificates" : ""});
  }
  return findings;
}

std::vector<Finding> judge_cluster(const Json& cluster) {
  std::vector<Finding> findings;
  if (cluster["leader"].is_null()) {
    findings.push_back({Health::bad, "leader", "no Nimbus leads",
                        "look at ZooKeeper and at the logs of each Nimbus"});
  } else {
    findings.push_back({Health::good, "leader", cluster["leader"].get<std::string>(), ""});
  }
  if (cluster["zookeeper"] != "connected") {
    findings.push_back({Health::bad, "ZooKeeper as Nimbus sees it",
                        cluster["zookeeper"].get<std::string>(),
                        "topologies run on, but nothing can be changed until it is back"});
  }
  if (cluster["supervisors"].empty()) {
    findings.push_back({Health::bad, "supervisors", "there is none",
                        "rafale supervisor starts one on each machine that shall run workers"});
  }
  const std::string version = cluster.value("version", "");
  std::map<std::string, int> others;
  for (const Json& supervisor : cluster["supervisors"]) {
    const std::string what = fmt::format("supervisor {}", supervisor["host"].get<std::string>());
    if (!supervisor["alive"].get<bool>()) {
      findings.push_back({Health::bad, what, "is registered but silent",
                          "look at the machine, its network and the supervisor's log"});
      continue;
    }
    findings.push_back(
        {Health::good, what,
         fmt::format("{} of {} slots used", cell(supervisor["used"]), cell(supervisor["slots"])),
         ""});
    const auto skew = supervisor["clock_ahead_ms"].get<std::int64_t>();
    if (std::abs(skew) > kMuchSkewMs) {
      findings.push_back({Health::doubtful, what,
                          fmt::format("its clock is {} ms {} that of Nimbus", std::abs(skew),
                                      skew > 0 ? "ahead of" : "behind"),
                          "keep clocks in step with NTP; only time stamps are affected"});
    }
    const auto disk = supervisor["free_disk_bytes"].get<std::uint64_t>();
    if (disk < kLittleDisk) {
      findings.push_back({Health::doubtful, what, bytes_text(disk) + " of disk free", "make room"});
    }
    const std::string its = supervisor.value("version", "");
    if (its != version) {
      findings.push_back({Health::doubtful, what,
                          fmt::format("runs version {}, Nimbus {}", its, version),
                          "bring all machines to one version"});
    }
  }
  return findings;
}

std::vector<Finding> check_cluster(const common::ClusterConfig& config) {
  std::vector<Finding> findings;
  for (const std::string& host : config.zookeeper_servers) {
    const std::string why = cannot_connect(host, config.zookeeper_port);
    const std::string what = fmt::format("ZooKeeper {}:{}", host, config.zookeeper_port);
    if (why.empty()) {
      findings.push_back({Health::good, what, "answers", ""});
    } else {
      findings.push_back(
          {Health::bad, what, why, "start it, or correct storm.zookeeper.servers and .port"});
    }
  }
  NimbusClient client(config);
  client.set_timeout(std::chrono::milliseconds(3000));
  bool judged = false;
  for (const std::string& address : config.nimbus_addresses()) {
    const auto cluster = client.cluster_by(address);
    if (!cluster.ok()) {
      findings.push_back({Health::bad, "Nimbus " + address, std::string(cluster.status().message()),
                          "start it, or correct nimbus.seeds"});
      continue;
    }
    findings.push_back(
        {Health::good, "Nimbus " + address, "version " + cluster->value("version", "unknown"), ""});
  }
  const auto leader = client.cluster();
  if (leader.ok()) {
    for (Finding& finding : judge_cluster(*leader)) findings.push_back(std::move(finding));
    judged = true;
  }
  if (!judged) {
    findings.push_back({Health::bad, "cluster", "no Nimbus leads", "see the findings above"});
  }
  return findings;
}

}  // namespace rafale::cli
