// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Making and writing of certificate_files.h.

#include "cli/certificate_files.h"

#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "common/durable_file.h"

namespace rafale::cli {

namespace fs = std::filesystem;

absl::Status CertificateFiles::write(const std::string& name, const Certified& certified) const {
  for (const char* ending : {".pem", ".key"}) {
    const std::string file = path(name + ending);
    if (fs::exists(file) && !force_) {
      return absl::AlreadyExistsError(
          fmt::format("{} is there already; --force replaces it", file));
    }
  }
  std::error_code error;
  absl::Status done =
      fs::is_directory(dir_, error) ? absl::OkStatus() : common::make_private_folders(dir_);
  if (done.ok()) done = common::write_durably(path(name + ".key"), certified.key);
  if (done.ok()) done = common::write_durably(path(name + ".pem"), certified.certificate);
  return done;
}

absl::Status CertificateFiles::make_authority(int days) const {
  const auto authority = cli::make_authority("rafale authority", days);
  return authority.ok() ? write("ca", *authority) : authority.status();
}

absl::Status CertificateFiles::issue(const std::string& role, const std::string& name,
                                     const std::vector<std::string>& hosts, int days) const {
  const std::set<common::Role> roles = roles_of(role);
  if (roles.empty()) {
    return absl::InvalidArgumentError(
        role.empty()
            ? "certs issue takes a role: nimbus, supervisor, worker or user"
            : fmt::format("there is no role '{}'; it is nimbus, supervisor, worker or user", role));
  }
  if (name == "ca" || name.find('/') != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' cannot be a certificate's name: it becomes that of its file", name));
  }
  const auto certificate = common::read_whole(path("ca.pem"));
  const auto key = common::read_whole(path("ca.key"));
  if (!certificate.ok() || !key.ok()) {
    return absl::FailedPreconditionError(
        fmt::format("there is no authority in {}: {}; rafale certs init --dir {} makes one", dir_,
                    std::string((certificate.ok() ? key : certificate).status().message()), dir_));
  }
  const auto made = issue_certificate({*certificate, *key}, name, roles, hosts, days);
  return made.ok() ? write(name, *made) : made.status();
}

std::string CertificateFiles::settings(const std::string& name) const {
  const std::string dir = fs::absolute(dir_).lexically_normal().string();
  return fmt::format(
      "rafale.tls.ca: {0}/ca.pem\nrafale.tls.cert: {0}/{1}.pem\n"
      "rafale.tls.key: {0}/{1}.key\n",
      dir, name);
}

}  // namespace rafale::cli
