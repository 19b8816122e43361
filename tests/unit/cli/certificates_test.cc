// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Certificates that vouch for who they should, and for nobody else.

#include "cli/certificates.h"

#include <sys/stat.h>

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/verb.h"
#include "common/clock.h"
#include "tests/support/scratch.h"

namespace rafale::cli {
namespace {

using common::Role;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kDay = 24 * 60 * 60;

class Certificates : public testing::Test {
 protected:
  Certified authority_ = *make_authority("an authority", 100);
  std::int64_t now_ = common::SystemClock().wall_ms() / 1000;

  Certified issue(const std::set<Role>& roles, const std::vector<std::string>& hosts = {}) {
    return *issue_certificate(authority_, "somebody", roles, hosts, 10);
  }
};

TEST_F(Certificates, SayWhoseTheyAre) {
  const auto facts = read_certificate(
      issue(roles_of("supervisor"), {"machine-7.example.org", "10.0.0.7", "fe80::7"}).certificate);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->subject, "somebody");
  EXPECT_EQ(facts->issuer, "an authority");
  EXPECT_FALSE(facts->authority);
  EXPECT_THAT(facts->roles, ElementsAre(Role::supervisor, Role::worker));
  EXPECT_THAT(facts->hosts, ElementsAre("machine-7.example.org", "10.0.0.7", "fe80::7"));
  EXPECT_NEAR(static_cast<double>(facts->valid_until), static_cast<double>(now_ + 10 * kDay), 60);
  EXPECT_EQ(facts->fingerprint.size(), 64u);
  EXPECT_TRUE(read_certificate(authority_.certificate)->authority);
}

TEST_F(Certificates, AreVouchedForByTheirAuthorityOnly) {
  const Certified own = issue({Role::user});
  EXPECT_TRUE(check_certificate(own, authority_.certificate, now_).ok());
  const Certified other = *make_authority("an authority", 100);
  EXPECT_THAT(std::string(check_certificate(own, other.certificate, now_).message()),
              HasSubstr("does not vouch"));
}

TEST_F(Certificates, OfLeavesSignNothing) {
  const Certified leaf = issue({Role::nimbus});
  const auto forged = issue_certificate(leaf, "forged", {Role::user}, {}, 10);
  ASSERT_TRUE(forged.ok());
  EXPECT_FALSE(check_certificate(*forged, authority_.certificate, now_).ok());
  EXPECT_FALSE(check_certificate(*forged, leaf.certificate, now_).ok());
}

TEST_F(Certificates, RunOut) {
  const absl::Status late =
      check_certificate(issue({Role::user}), authority_.certificate, now_ + 11 * kDay);
  EXPECT_THAT(std::string(late.message()), HasSubstr("ran out on"));
}

TEST_F(Certificates, GoWithTheirOwnKeyOnly) {
  const Certified mixed{issue({Role::user}).certificate, issue({Role::user}).key};
  EXPECT_THAT(std::string(check_certificate(mixed, authority_.certificate, now_).message()),
              HasSubstr("the key is that of another certificate"));
  const Certified wrong{authority_.certificate, mixed.key};
  EXPECT_TRUE(
      absl::IsInvalidArgument(issue_certificate(wrong, "somebody", {Role::user}, {}, 10).status()));
}

TEST_F(Certificates, OfNonsenseAreRefused) {
  EXPECT_TRUE(absl::IsInvalidArgument(read_certificate("nonsense").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(read_certificate("").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      issue_certificate(authority_, "x", {}, {"a host,DNS:other"}, 10).status()));
  EXPECT_THAT(roles_of("root"), IsEmpty());
}

/// Runs the verb; standard error.
std::string certs(const std::vector<std::string>& arguments, int expected) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  EXPECT_EQ(kCerts.run(arguments), expected);
  testing::internal::GetCapturedStdout();
  return testing::internal::GetCapturedStderr();
}

TEST(CertsVerb, MakesAllThatAClusterNeedsAndReplacesNothing) {
  const support::Scratch scratch;
  const std::string dir = scratch / "new";
  EXPECT_THAT(certs({"dev", "--dir", dir}, kSuccess), HasSubstr("rafale.tls.ca: " + dir));
  for (const char* name : {"ca", "nimbus", "supervisor", "user"}) {
    struct stat file {};
    ASSERT_EQ(stat((dir + "/" + name + ".key").c_str(), &file), 0) << name;
    EXPECT_EQ(file.st_mode & 0777, 0600u) << name;
  }
  EXPECT_THAT(certs({"dev", "--dir", dir}, kFailure),
              HasSubstr("ca.pem is there already; --force"));
  certs({"issue", "user", "alice", "--dir", dir, "--days", "3"}, kSuccess);
  EXPECT_THAT(certs({"show", dir + "/alice.pem"}, kSuccess), HasSubstr("runs out soon"));
}

TEST(CertsVerb, SaysWhatIsWrongAndWhatToDo) {
  const support::Scratch scratch;
  const std::string dir = scratch / "none";
  EXPECT_THAT(certs({"issue", "user", "--dir", dir}, kFailure), HasSubstr("rafale certs init"));
  EXPECT_THAT(certs({"issue", "root", "--dir", dir}, kWrongCall), HasSubstr("no role 'root'"));
  EXPECT_THAT(certs({"issue", "--dir", dir}, kWrongCall), HasSubstr("takes a role"));
  EXPECT_THAT(certs({"show", "--dir", dir}, kFailure), HasSubstr("rafale certs dev"));
  EXPECT_THAT(certs({"make"}, kWrongCall), HasSubstr("not 'make'"));
  EXPECT_THAT(certs({"init", "--days", "0", "--dir", dir}, kWrongCall), HasSubstr("--days"));
  EXPECT_THAT(certs({"init", "more", "--dir", dir}, kWrongCall), HasSubstr("no further words"));
}

}  // namespace
}  // namespace rafale::cli
