// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reading of PEM files, and the check that no handler can forget.

#include "common/rpc/credentials.h"

#include <fstream>
#include <iterator>
#include <string>

#include <grpcpp/security/auth_metadata_processor.h>

#include "absl/strings/str_cat.h"

namespace rafale::common {
namespace {

constexpr std::string_view kRolePrefix = "rafale://role/";
constexpr Role kRoles[] = {Role::nimbus, Role::supervisor, Role::worker, Role::user};

absl::StatusOr<std::string> read_pem(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (text.empty()) return absl::FailedPreconditionError(absl::StrCat("cannot read ", path));
  return text;
}

struct Pems {
  std::string ca, cert, key;
};

absl::StatusOr<Pems> read_pems(const Security& security) {
  Pems pems;
  for (const auto& [path, to] :
       {std::pair(&security.ca_file, &pems.ca), std::pair(&security.cert_file, &pems.cert),
        std::pair(&security.key_file, &pems.key)}) {
    absl::StatusOr<std::string> text = read_pem(*path);
    if (!text.ok()) return text.status();
    *to = *std::move(text);
  }
  return pems;
}

/// gRPC calls this before any handler, for each call on a TLS connection.
class RoleCheck final : public grpc::AuthMetadataProcessor {
 public:
  explicit RoleCheck(const MethodTable& methods) : methods_(methods) {}
  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata*,
                       OutputMetadata*) override {
    const auto path = metadata.find(":path");
    const std::string method =
        path == metadata.end() ? "" : std::string(path->second.data(), path->second.size());
    const absl::Status status = methods_.check(method, identity_of(context));
    if (status.ok()) return grpc::Status::OK;
    return {grpc::StatusCode::PERMISSION_DENIED, std::string(status.message())};
  }

 private:
  const MethodTable& methods_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> server_credentials(
    const Security& security, const MethodTable& methods) {
  if (!security.tls()) return grpc::InsecureServerCredentials();
  absl::StatusOr<Pems> pems = read_pems(security);
  if (!pems.ok()) return pems.status();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = pems->ca;
  options.pem_key_cert_pairs.push_back({pems->key, pems->cert});
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::SslServerCredentials(options);
  credentials->SetAuthMetadataProcessor(std::make_shared<RoleCheck>(methods));
  return credentials;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> channel_credentials(
    const Security& security) {
  if (!security.tls()) return grpc::InsecureChannelCredentials();
  absl::StatusOr<Pems> pems = read_pems(security);
  if (!pems.ok()) return pems.status();
  return grpc::SslCredentials({pems->ca, pems->key, pems->cert});
}

PeerIdentity identity_of(const grpc::AuthContext* context) {
  PeerIdentity identity;
  if (context == nullptr || !context->IsPeerAuthenticated()) {
    identity.roles.insert(std::begin(kRoles), std::end(kRoles));
    return identity;
  }
  identity.authenticated = true;
  for (const grpc::string_ref& name : context->FindPropertyValues("x509_common_name")) {
    identity.subject.assign(name.data(), name.size());
  }
  for (const grpc::string_ref& uri : context->FindPropertyValues("peer_uri")) {
    const std::string_view text(uri.data(), uri.size());
    for (const Role role : kRoles) {
      if (text.starts_with(kRolePrefix) && text.substr(kRolePrefix.size()) == to_string(role)) {
        identity.roles.insert(role);
      }
    }
  }
  return identity;
}

}  // namespace rafale::common
