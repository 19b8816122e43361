// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Resolution of names.

#include "common/loopback.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

namespace rafale::common {

bool is_loopback(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return false;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, &freeaddrinfo);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (at->ai_family == AF_INET) {
      const auto ip = reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr.s_addr;
      if ((ntohl(ip) >> 24) != 127) return false;
    } else if (at->ai_family != AF_INET6 ||
               IN6_IS_ADDR_LOOPBACK(
                   &reinterpret_cast<const sockaddr_in6*>(at->ai_addr)->sin6_addr) == 0) {
      return false;
    }
  }
  return true;
}

}  // namespace rafale::common
