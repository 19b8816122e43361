// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// /metrics and /healthz of a daemon.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace rafale::common {

/// One number for Prometheus. Counters end in _total.
struct Metric {
  std::string name;
  std::string help;
  bool counter = false;
  struct Sample {
    std::vector<std::pair<std::string, std::string>> labels;
    double value = 0;
  };
  std::vector<Sample> samples;
};

/// GET /metrics and GET /healthz over HTTP, nothing else. Two threads of its own.
class HttpEndpoint {
 public:
  struct Sources {
    std::function<std::vector<Metric>()> metrics;
    std::function<std::string()> illness;  ///< why the daemon is not well; empty: it is
  };
  /// Port 0: a free one. FAILED_PRECONDITION if the port is taken.
  static absl::StatusOr<std::unique_ptr<HttpEndpoint>> start(const std::string& host,
                                                             std::uint16_t port, Sources sources);
  virtual ~HttpEndpoint() = default;
  virtual std::uint16_t port() const = 0;
};

}  // namespace rafale::common
