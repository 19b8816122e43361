// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// OpenSSL's objects, each owned by a pointer that frees it.

#include "cli/certificates.h"

#include <arpa/inet.h>

#include <array>
#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "absl/strings/string_view.h"

namespace rafale::cli {
namespace {

using common::Role;

template <auto Free>
struct Freeing {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Bio = std::unique_ptr<BIO, Freeing<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freeing<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, Freeing<BN_free>>;
using Store = std::unique_ptr<X509_STORE, Freeing<X509_STORE_free>>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, Freeing<X509_STORE_CTX_free>>;

constexpr std::string_view kEveryNode = "rafale";  // the DNS name that peers look for
constexpr std::string_view kRolePrefix = "rafale://role/";
constexpr std::array kRoles{Role::nimbus, Role::supervisor, Role::worker, Role::user};
constexpr long kSlackSeconds = 300;  // of clocks that are not quite in step

absl::Status failure(std::string_view what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return absl::InternalError(fmt::format("{}: {}", what, text.data()));
}

Bio reader_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

Certificate parse_certificate(std::string_view pem) {
  Certificate found(PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return found;
}

Key parse_key(std::string_view pem) {
  // Never asks for a pass phrase.
  const auto none = [](char*, int, int, void*) { return -1; };
  Key found(PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, +none, nullptr));
  ERR_clear_error();
  return found;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

absl::StatusOr<Certified> as_pem(X509* certificate, EVP_PKEY* key) {
  const Bio first(BIO_new(BIO_s_mem()));
  const Bio second(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(first.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(second.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return failure("cannot write a certificate");
  }
  return Certified{text_of(first.get()), text_of(second.get())};
}

bool add_extension(X509* to, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  return extension != nullptr && X509_add_ext(to, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) return false;
  bytes[0] &= 0x7f;  // positive
  const Number number(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
  return BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_name(X509_NAME* name, const std::string& text) {
  return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1;
}

/// All but the signature and what tells leaves from authorities.
Certificate blank(const std::string& name, int days, EVP_PKEY* key) {
  Certificate made(X509_new());
  constexpr long kVersion3 = 2;
  constexpr long kDay = 24L * 60 * 60;
  const bool whole = made != nullptr && X509_set_version(made.get(), kVersion3) == 1 &&
                     set_random_serial(made.get()) &&
                     X509_gmtime_adj(X509_getm_notBefore(made.get()), -kSlackSeconds) != nullptr &&
                     X509_gmtime_adj(X509_getm_notAfter(made.get()), days * kDay) != nullptr &&
                     X509_set_pubkey(made.get(), key) == 1 &&
                     set_name(X509_get_subject_name(made.get()), name);
  return whole ? std::move(made) : nullptr;
}

bool is_address(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

bool is_host_name(std::string_view host) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.*";
  return !host.empty() && host.size() < 254 &&
         host.find_first_not_of(kAllowed) == std::string_view::npos;
}

std::string common_name(const X509_NAME* name) {
  std::array<char, 256> text{};
  X509_NAME_get_text_by_NID(name, NID_commonName, text.data(), text.size());
  return text.data();
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

std::string string_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string address_text(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

void read_names(X509* certificate, CertificateFacts& facts) {
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      const std::string host = string_of(name->d.dNSName);
      if (host != kEveryNode) facts.hosts.push_back(host);
    } else if (name->type == GEN_IPADD) {
      facts.hosts.push_back(address_text(string_of(name->d.iPAddress)));
    } else if (name->type == GEN_URI) {
      const std::string uri = string_of(name->d.uniformResourceIdentifier);
      for (const Role role : kRoles) {
        if (uri == std::string(kRolePrefix) + std::string(to_string(role))) {
          facts.roles.insert(role);
        }
      }
    }
  }
  GENERAL_NAMES_free(names);
}

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), bytes.data(), &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string day_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday);
}

}  // namespace

std::set<Role> roles_of(std::string_view word) {
  if (word == "nimbus") return {Role::nimbus};
  if (word == "supervisor") return {Role::supervisor, Role::worker};
  if (word == "worker") return {Role::worker};
  if (word == "user") return {Role::user};
  return {};
}

absl::StatusOr<Certified> make_authority(const std::string& name, int days) {
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failure("cannot make a key");
  const Certificate made = blank(name, days, key.get());
  if (made == nullptr || X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) != 1 ||
      !add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
      !add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") ||
      !add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash") ||
      X509_sign(made.get(), key.get(), EVP_sha256()) == 0) {
    return failure("cannot make an authority");
  }
  return as_pem(made.get(), key.get());
}

absl::StatusOr<Certified> issue_certificate(const Certified& authority, const std::string& name,
                                            const std::set<Role>& roles,
                                            const std::vector<std::string>& hosts, int days) {
  const Certificate issuer = parse_certificate(authority.certificate);
  const Key issuer_key = parse_key(authority.key);
  if (issuer == nullptr || issuer_key == nullptr) {
    return absl::InvalidArgumentError("the authority's certificate or key cannot be read");
  }
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1) {
    ERR_clear_error();
    return absl::InvalidArgumentError("the authority's key is that of another certificate");
  }
  std::string names = fmt::format("DNS:{}", kEveryNode);
  for (const Role role : roles) names += fmt::format(",URI:{}{}", kRolePrefix, to_string(role));
  for (const std::string& host : hosts) {
    if (!is_address(host) && !is_host_name(host)) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is neither a host name nor an address", host));
    }
    names += fmt::format(",{}:{}", is_address(host) ? "IP" : "DNS", host);
  }
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return failure("cannot make a key");
  const Certificate made = blank(name, days, key.get());
  if (made == nullptr ||
      X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get())) != 1 ||
      !add_extension(made.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(made.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") ||
      !add_extension(made.get(), issuer.get(), NID_ext_key_usage, "serverAuth,clientAuth") ||
      !add_extension(made.get(), issuer.get(), NID_subject_alt_name, names) ||
      !add_extension(made.get(), issuer.get(), NID_subject_key_identifier, "hash") ||
      !add_extension(made.get(), issuer.get(), NID_authority_key_identifier, "keyid:always") ||
      X509_sign(made.get(), issuer_key.get(), EVP_sha256()) == 0) {
    return failure("cannot make a certificate");
  }
  return as_pem(made.get(), key.get());
}

absl::StatusOr<CertificateFacts> read_certificate(std::string_view pem) {
  const Certificate certificate = parse_certificate(pem);
  if (certificate == nullptr) return absl::InvalidArgumentError("this is no certificate in PEM");
  CertificateFacts facts;
  facts.subject = common_name(X509_get_subject_name(certificate.get()));
  facts.issuer = common_name(X509_get_issuer_name(certificate.get()));
  facts.authority = X509_check_ca(certificate.get()) == 1;
  facts.valid_from = seconds_of(X509_get0_notBefore(certificate.get()));
  facts.valid_until = seconds_of(X509_get0_notAfter(certificate.get()));
  facts.fingerprint = fingerprint_of(certificate.get());
  read_names(certificate.get(), facts);
  return facts;
}

absl::Status check_certificate(const Certified& own, std::string_view authority, std::int64_t now) {
  const Certificate certificate = parse_certificate(own.certificate);
  const Certificate issuer = parse_certificate(authority);
  const Key key = parse_key(own.key);
  const auto wrong = [](absl::string_view text) { return absl::FailedPreconditionError(text); };
  if (certificate == nullptr) return wrong("the certificate cannot be read");
  if (issuer == nullptr) return wrong("the authority's certificate cannot be read");
  if (key == nullptr) return wrong("the key cannot be read, or wants a pass phrase");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    ERR_clear_error();
    return wrong("the key is that of another certificate");
  }
  const std::int64_t until = seconds_of(X509_get0_notAfter(certificate.get()));
  if (until < now) return wrong(fmt::format("the certificate ran out on {}", day_of(until)));
  const Store store(X509_STORE_new());
  const StoreContext context(X509_STORE_CTX_new());
  X509_STORE_add_cert(store.get(), issuer.get());
  X509_STORE_CTX_init(context.get(), store.get(), certificate.get(), nullptr);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), now);
  if (X509_verify_cert(context.get()) != 1) {
    const int code = X509_STORE_CTX_get_error(context.get());
    ERR_clear_error();
    return wrong(fmt::format("the authority does not vouch for the certificate: {}",
                             X509_verify_cert_error_string(code)));
  }
  return absl::OkStatus();
}

}  // namespace rafale::cli
