// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Addresses as gRPC reads them.
#pragma once

#include <cstdint>
#include <string>

namespace rafale::common {

/// "host:port"; an IPv6 address gets its brackets.
inline std::string host_port(const std::string& host, std::uint32_t port) {
  const bool v6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace rafale::common
