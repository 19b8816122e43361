// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale certs`: an authority of one's own and the certificates of a cluster's parts.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/str_join.h"
#include "cli/arguments.h"
#include "cli/certificate_files.h"
#include "cli/certificates.h"
#include "cli/cluster_call.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "common/clock.h"
#include "common/durable_file.h"

namespace rafale::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::string_view kCertsText = R"(usage: rafale certs dev [OPTION]...
       rafale certs init [OPTION]...
       rafale certs issue ROLE [NAME] [OPTION]...
       rafale certs show [FILE] [OPTION]...

Makes certificates for mutual TLS between all parts of a cluster. Each part is known by its role:
nimbus, supervisor (also for the workers that it starts), worker, user.

  dev    an authority and a certificate for each role, and the settings that use them
  init   an authority: ca.pem and, to be kept secret, ca.key
  issue  a certificate that the authority in DIR signs: NAME.pem and NAME.key
  show   what certificates say: one file, or all in DIR

options:
  --dir DIR           where they lie (default certs)
  --host HOST         issue: a name or address that other tools shall find in it; may be repeated
  --days N            how long they are valid (default 365; an authority 3650)
  --force             replace files that are there
  -o, --output FORM   table, json or yaml (default table)
  -h, --help          this text

exit codes:
  0  made, shown
  1  a file cannot be written or read, or is there already
  2  the call is wrong

examples:
  rafale certs dev
  rafale certs init --dir /etc/rafale/certs
  rafale certs issue supervisor machine-7 --dir /etc/rafale/certs --days 90
  rafale certs show certs/user.pem
)";

constexpr std::array<const char*, 3> kDevRoles{"nimbus", "supervisor", "user"};
constexpr std::int64_t kDay = 24 * 60 * 60;
constexpr std::int64_t kSoon = 30 * kDay;

struct CertsCall {
  std::string action, first, second, output;
  std::string dir = "certs";
  std::string days;
  std::vector<std::string> hosts;
  bool force = false;

  CertificateFiles files() const { return {dir, force}; }
};

std::int64_t now_seconds() { return common::SystemClock().wall_ms() / 1000; }

std::string time_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

absl::StatusOr<int> days_of(const CertsCall& call, int fallback) {
  if (call.days.empty()) return fallback;
  const auto days = parse_number("--days", call.days, 1, 36'500);
  if (!days.ok()) return days.status();
  return static_cast<int>(*days);
}

absl::Status init(const CertsCall& call) {
  const auto days = days_of(call, CertificateFiles::kAuthorityDays);
  return days.ok() ? call.files().make_authority(*days) : days.status();
}

absl::Status issue(const CertsCall& call, const std::string& role, const std::string& name) {
  const auto days = days_of(call, CertificateFiles::kDays);
  return days.ok() ? call.files().issue(role, name, call.hosts, *days) : days.status();
}

std::vector<std::string> role_names(const CertificateFacts& facts) {
  std::vector<std::string> names;
  for (const common::Role role : facts.roles) names.emplace_back(to_string(role));
  return names;
}

Json view_of(const std::string& file, const CertificateFacts& facts) {
  return {{"file", file},
          {"subject", facts.subject},
          {"issuer", facts.issuer},
          {"authority", facts.authority},
          {"roles", role_names(facts)},
          {"hosts", facts.hosts},
          {"valid_from", time_text(facts.valid_from)},
          {"valid_until", time_text(facts.valid_until)},
          {"sha256", facts.fingerprint}};
}

std::string remaining(const CertificateFacts& facts) {
  const std::int64_t left = facts.valid_until - now_seconds();
  if (left < 0) return "ran out";
  return fmt::format("{} days", left / kDay);
}

int show(const CertsCall& call) {
  std::vector<std::string> files;
  if (!call.first.empty()) {
    files.push_back(call.first);
  } else {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(call.dir, error)) {
      if (entry.path().extension() == ".pem") files.push_back(entry.path().string());
    }
    if (files.empty()) {
      complain(
          fmt::format("there are no certificates in {}; rafale certs dev makes some, --dir "
                      "names another place",
                      call.dir));
      return kFailure;
    }
    std::sort(files.begin(), files.end());
  }
  Json views = Json::array();
  Table table({"FILE", "SUBJECT", "ROLES", "HOSTS", "VALID UNTIL", "LEFT"});
  for (const std::string& file : files) {
    const auto pem = common::read_whole(file);
    if (!pem.ok()) return failed(pem.status());
    const auto facts = read_certificate(*pem);
    if (!facts.ok()) {
      complain(fmt::format("{}: {}", file, std::string(facts.status().message())));
      return kFailure;
    }
    views.push_back(view_of(file, *facts));
    table.add({file, facts->subject,
               facts->authority ? "authority" : absl::StrJoin(role_names(*facts), ", "),
               absl::StrJoin(facts->hosts, ", "), time_text(facts->valid_until),
               remaining(*facts)});
    if (facts->valid_until - now_seconds() < kSoon) {
      complain(fmt::format("{} {}; rafale certs issue makes a new one", file,
                           facts->valid_until < now_seconds() ? "has run out" : "runs out soon"));
    }
  }
  if (!print_structured(views, call.output)) fmt::print("{}", table.text());
  return kSuccess;
}

int report(const CertsCall& call, const std::vector<std::string>& names) {
  Json made = Json::array();
  for (const std::string& name : names) {
    for (const char* ending : {".pem", ".key"}) made.push_back(call.files().path(name + ending));
  }
  if (print_structured(Json{{"made", made}}, call.output)) return kSuccess;
  for (const Json& file : made) fmt::print("{}\n", file.get<std::string>());
  for (const std::string& name : names) {
    if (name == "ca") {
      fmt::print(stderr, "\nwhoever has ca.key can make certificates that this cluster trusts\n");
    } else {
      fmt::print(stderr, "\nsettings of {}:\n{}", name, call.files().settings(name));
    }
  }
  return kSuccess;
}

int dev(const CertsCall& call) {
  std::vector<std::string> names{"ca"};
  absl::Status done = init(call);
  for (const char* role : kDevRoles) {
    if (done.ok()) done = issue(call, role, role);
    names.emplace_back(role);
  }
  return done.ok() ? report(call, names) : failed(done);
}

int run_certs(const std::vector<std::string>& given) {
  CertsCall call;
  Arguments arguments(kCerts);
  arguments.operand("dev, init, issue or show", call.action)
      .optional_operand("ROLE or FILE", call.first)
      .optional_operand("NAME", call.second)
      .option("--dir", call.dir)
      .list("--host", call.hosts)
      .option("--days", call.days)
      .flag("--force", call.force)
      .choice("-o,--output", call.output, {"table", "json", "yaml"});
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  if (call.action == "show") return show(call);
  if (call.action == "issue") {
    const std::string name = call.second.empty() ? call.first : call.second;
    const absl::Status done = issue(call, call.first, name);
    return done.ok() ? report(call, {name}) : failed(done);
  }
  if (call.action != "dev" && call.action != "init") {
    complain(fmt::format("certs does dev, init, issue or show, not '{}'", call.action));
    return kWrongCall;
  }
  if (!call.first.empty()) {
    complain(fmt::format("certs {} takes no further words: '{}'", call.action, call.first));
    return kWrongCall;
  }
  if (call.action == "dev") return dev(call);
  const absl::Status done = init(call);
  return done.ok() ? report(call, {"ca"}) : failed(done);
}

}  // namespace

const Verb kCerts{"certs", "make and show the certificates of a cluster", kCertsText, run_certs};

}  // namespace rafale::cli
