// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Who may speak to whom: certificates, roles, and which role may call which method.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace rafale::common {

/// What a peer is, by the URI rafale://role/NAME in the SAN of its certificate.
enum class Role : std::uint8_t { nimbus, supervisor, worker, user };
std::string_view to_string(Role role);

/// Where the certificates lie, or that there are none.
struct Security {
  std::string ca_file;    ///< PEM; peers must be signed by it
  std::string cert_file;  ///< PEM, own
  std::string key_file;   ///< PEM, own
  bool insecure = false;  ///< plaintext off loopback was asked for; logged loudly

  bool tls() const { return !cert_file.empty(); }
};

/// Who is at the other end of a call.
struct PeerIdentity {
  bool authenticated = false;  ///< by TLS, or as our own user on a unix socket
  std::set<Role> roles;        ///< all of them without TLS, where nothing tells peers apart
  std::string subject;         ///< common name of the certificate, or "uid:1000"
};

/// method -> roles. Empty for a method means nobody. Filled while a server is set up, then
/// constant; any thread.
class MethodTable {
 public:
  /// `method` as "/rafale.v1.Nimbus/Submit".
  void allow(std::string method, std::initializer_list<Role> roles);
  /// Whether a peer may call it; PERMISSION_DENIED, with the method and the roles needed, if not.
  absl::Status check(std::string_view method, const PeerIdentity& peer) const;
  bool knows(std::string_view method) const;

 private:
  std::map<std::string, std::set<Role>, std::less<>> roles_;
};

}  // namespace rafale::common
