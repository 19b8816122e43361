// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The settings file that daemons and command line share, with Storm's names and defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/security.h"

namespace rafale::common {

/// One cluster and this machine's place in it. Built by load(), then constant.
///
/// Every member names its key; deploy/rafale.yaml lists all with comments. Settings of topologies
/// (topology.*) may stand in the same file and are left alone here.
struct ClusterConfig {
  using Milliseconds = std::chrono::milliseconds;

  // --- ZooKeeper
  std::vector<std::string> zookeeper_servers{"127.0.0.1"};  ///< storm.zookeeper.servers
  std::uint16_t zookeeper_port = 2181;                      ///< storm.zookeeper.port
  std::string zookeeper_root = "/rafale";                   ///< storm.zookeeper.root
  Milliseconds zookeeper_session{6000};                     ///< storm.zookeeper.session.timeout, ms
  bool zookeeper_insecure = false;                          ///< zookeeper.insecure

  // --- this machine
  std::string local_dir = "/var/lib/rafale";  ///< storm.local.dir
  std::string log_dir;                        ///< storm.log.dir; LOCAL_DIR/logs when not set
  std::string host;                           ///< storm.local.hostname; the host's own name
  std::string bind = "0.0.0.0";               ///< rafale.bind: address that listeners bind to

  // --- Nimbus
  std::vector<std::string> nimbus_seeds{"localhost"};  ///< nimbus.seeds: host or host:port
  std::uint16_t nimbus_port = 6627;                    ///< nimbus.thrift.port
  std::uint16_t nimbus_http_port = 0;                  ///< nimbus.http.port; 0: a free one
  Milliseconds supervisor_timeout{5000};               ///< nimbus.supervisor.timeout.secs
  Milliseconds worker_timeout{5000};                   ///< nimbus.task.timeout.secs
  Milliseconds worker_launch_timeout{30'000};          ///< nimbus.task.launch.secs
  Milliseconds orphan_grace{60'000};  ///< nimbus.orphan.worker.secs: supervisor dead, worker alive
  std::int64_t max_plugin_bytes = 256 << 20;  ///< nimbus.plugin.max.bytes

  // --- supervisor
  std::vector<std::uint16_t> slot_ports{6700, 6701, 6702, 6703};  ///< supervisor.slots.ports
  std::uint16_t supervisor_port = 0;          ///< supervisor.thrift.port; 0: a free one
  std::uint16_t supervisor_http_port = 0;     ///< supervisor.http.port; 0: a free one
  Milliseconds worker_start_timeout{30'000};  ///< supervisor.worker.start.timeout.secs
  Milliseconds worker_shutdown{10'000};       ///< supervisor.worker.shutdown.sleep.secs
  std::int64_t log_max_bytes = 64 << 20;      ///< supervisor.worker.log.max.bytes, each of 3 files

  // --- who may speak to whom
  Security security;  ///< rafale.tls.ca, rafale.tls.cert, rafale.tls.key, insecure

  /// Reads `file`; an empty name means the one that RAFALE_CONFIG names, else /etc/rafale/
  /// rafale.yaml if it is there, else defaults. INVALID_ARGUMENT lists all mistakes, a line each:
  /// `rafale.yaml:3:5: unknown key "x"; did you mean "y"?`.
  static absl::StatusOr<ClusterConfig> load(const std::string& file,
                                            const std::vector<std::string>& overrides = {});

  /// "host:port" of each seed.
  std::vector<std::string> nimbus_addresses() const;
  /// "a:2181,b:2181", as ZooKeeper's client wants it.
  std::string zookeeper_connect() const;
};

}  // namespace rafale::common
