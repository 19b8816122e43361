// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The HTTP server of rafale-bike-api.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "topologies/bike_api/live_city.h"

namespace rafale::bikes {

/// Serves /vls/v1 and /vls/v3 as JCDecaux does, and GBFS below /gbfs/CONTRACT/2.3 and
/// /gbfs/CONTRACT/3.0 (/gbfs/CONTRACT/gbfs.json is 2.3). Answers have an ETag, and If-None-Match
/// gives 304. The parameter fail=429|500|slow|truncated makes one request go wrong.
class ApiServer {
 public:
  struct Options {
    std::string key{};   ///< that JCDecaux requests must have; empty: any will do
    std::string fail{};  ///< see Mishaps
    std::uint64_t seed = 1;
    std::int64_t slow_ms = 3000;
  };

  /// `elapsed_ms` tells the time since the start; called on any thread. Throws
  /// std::invalid_argument for a wrong `fail`.
  ApiServer(LiveCity& city, Options options, std::function<std::int64_t()> elapsed_ms);
  ~ApiServer();
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  /// Binds; port 0 is a free one. The port, or 0 if that is impossible.
  int bind(const std::string& host, int port);
  /// Serves until stop(). After bind().
  void serve();
  /// Any thread.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rafale::bikes
