// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Making and reading the X.509 certificates of a cluster.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/security.h"

namespace rafale::cli {

/// A certificate and its private key, both as PEM.
struct Certified {
  std::string certificate;
  std::string key;
};

/// What a certificate says of itself.
struct CertificateFacts {
  std::string subject;             ///< its common name
  std::string issuer;              ///< that of the authority
  bool authority = false;          ///< may sign others
  std::set<common::Role> roles;    ///< what its owner is in a cluster
  std::vector<std::string> hosts;  ///< DNS names and addresses, but "rafale"
  std::int64_t valid_from = 0;     ///< seconds since 1970
  std::int64_t valid_until = 0;
  std::string fingerprint;  ///< SHA-256 over its DER form, in hexadecimal
};

/// The roles that a word of `rafale certs issue` stands for: a supervisor's workers use its
/// certificate. Empty for another word.
std::set<common::Role> roles_of(std::string_view word);

/// A new authority: EC key on P-256, signed by itself, may sign leaves only.
absl::StatusOr<Certified> make_authority(const std::string& name, int days);

/// A leaf for both ends of a connection (RFC 5280): SAN "DNS:rafale", which all nodes answer to, a
/// URI for each role, and the hosts. INVALID_ARGUMENT if `authority` is none, or its key another's.
absl::StatusOr<Certified> issue_certificate(const Certified& authority, const std::string& name,
                                            const std::set<common::Role>& roles,
                                            const std::vector<std::string>& hosts, int days);

/// INVALID_ARGUMENT if `pem` is no certificate.
absl::StatusOr<CertificateFacts> read_certificate(std::string_view pem);

/// What is wrong with a certificate, its key and its authority together, at `now` in seconds since
/// 1970: FAILED_PRECONDITION, as one sentence.
absl::Status check_certificate(const Certified& own, std::string_view authority, std::int64_t now);

}  // namespace rafale::cli
