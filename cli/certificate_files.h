// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Where `rafale certs` keeps certificates: NAME.pem and NAME.key in one folder, the authority as
// ca.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "cli/certificates.h"

namespace rafale::cli {

class CertificateFiles {
 public:
  static constexpr int kDays = 365;
  static constexpr int kAuthorityDays = 3650;

  /// Replaces files only with `force`.
  CertificateFiles(std::string dir, bool force) : dir_(std::move(dir)), force_(force) {}

  /// ALREADY_EXISTS, naming the file, or what went wrong in writing.
  absl::Status make_authority(int days = kAuthorityDays) const;
  /// A certificate for a role, signed by the authority that lies there: FAILED_PRECONDITION if
  /// there is none, INVALID_ARGUMENT for a role or name that cannot be.
  absl::Status issue(const std::string& role, const std::string& name,
                     const std::vector<std::string>& hosts, int days = kDays) const;

  std::string path(const std::string& name) const { return dir_ + "/" + name; }
  /// The lines of rafale.yaml by which a part uses its certificate.
  std::string settings(const std::string& name) const;

 private:
  absl::Status write(const std::string& name, const Certified& certified) const;

  std::string dir_;
  bool force_;
};

}  // namespace rafale::cli
