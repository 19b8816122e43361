// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale dlq`: the records that no retry helped.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/dead_letter_box.h"
#include "cli/duration.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "common/clock.h"

namespace rafale::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Letters = std::vector<const StoredLetter*>;

constexpr std::string_view kDlqText = R"(usage: rafale dlq list [TOPOLOGY] [OPTION]...
       rafale dlq show TOPOLOGY|- [OPTION]...
       rafale dlq replay TOPOLOGY|- --to FILE|- [OPTION]...
       rafale dlq purge TOPOLOGY --yes [OPTION]...

Dead letters are records that no retry helped, each with its reason, component, attempts, source
and time. They lie in topology.dead.letters.dir, else in ~/.local/state/rafale/dead_letters/TOPOLOGY
of the user and the machine whose worker wrote them. With - they are read from standard input.

  list    how many there are, by topology, component and reason
  show    the letters, oldest first
  replay  writes the records, one on a line, to a file or standard output, so that a source can
          read them again; they are not written a second time
  purge   removes letters; what a running topology adds meanwhile stays

options:
  --dir DIR           where they lie
  --component NAME    only those of this component
  --reason TEXT       only those whose reason contains this text
  --since TIME        only those that are younger: 10m, 2h
  --before TIME       only those that are older
  --limit N           show: at most the newest N
  --to FILE           replay: the file to append to; - is standard output
  --again             replay: also those that were replayed before
  --replayed          purge: only those that were replayed
  --yes               purge: do it
  -o, --output FORM   table, json or yaml (default table)
  -h, --help          this text

exit codes:
  0  done, also when no letter fits
  1  there are no dead letters, or a file cannot be read or written
  2  the call is wrong

examples:
  rafale dlq list
  rafale dlq show bike_fleet --component parse --since 1h
  rafale dlq replay bike_fleet --to again.jsonl
  rafale dlq replay page_visits --to - | kcat -P -b 127.0.0.1:9092 -t visits
  kcat -C -e -q -b 127.0.0.1:9092 -t dead-letters | rafale dlq show -
  rafale dlq purge bike_fleet --replayed --yes
)";

struct DlqCall {
  std::string action, topology, dir, component, reason, since, before, limit, to, output;
  bool again = false;
  bool replayed = false;
  bool yes = false;

  bool from_input() const { return topology == "-"; }
  std::string directory() const {
    return !dir.empty() ? dir : (fs::path(dead_letters_home()) / topology).string();
  }
};

std::string time_text(std::int64_t ms) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S", absl::FromUnixMillis(ms), absl::LocalTimeZone());
}

std::string counted(std::size_t n) {
  return fmt::format("{} {}", n, n == 1 ? "letter" : "letters");
}

void note_unreadable(std::size_t n, const std::string& where) {
  if (n > 0) complain(fmt::format("{} in {} cannot be read and is left", counted(n), where));
}

/// The letters that the options choose; the exit code if a time is none.
absl::StatusOr<Letters> chosen(const DlqCall& call, const std::vector<StoredLetter>& all) {
  std::int64_t after = 0;
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
  const std::int64_t now = common::SystemClock().wall_ms();
  if (!call.since.empty()) {
    const auto age = parse_duration("--since", call.since);
    if (!age.ok()) return age.status();
    after = now - age->count();
  }
  if (!call.before.empty()) {
    const auto age = parse_duration("--before", call.before);
    if (!age.ok()) return age.status();
    until = now - age->count();
  }
  Letters letters;
  for (const StoredLetter& letter : all) {
    if ((call.component.empty() || letter.component == call.component) &&
        letter.reason.find(call.reason) != std::string::npos && letter.time_ms >= after &&
        letter.time_ms <= until) {
      letters.push_back(&letter);
    }
  }
  return letters;
}

int wrong(const std::string& text) {
  complain(text + "; see rafale help dlq");
  return kWrongCall;
}

// ---- list

struct Group {
  std::size_t letters = 0;
  std::size_t replayed = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;
};

int list(const DlqCall& call) {
  std::map<std::string, std::string> places;  // topology -> directory
  if (!call.topology.empty() || !call.dir.empty()) {
    places[call.topology] = call.directory();
  } else {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(dead_letters_home(), ignored)) {
      places[entry.path().filename().string()] = entry.path().string();
    }
  }
  std::map<std::array<std::string, 3>, Group> groups;
  for (const auto& [topology, directory] : places) {
    const auto box = DeadLetterBox::open(directory);
    if (!box.ok() && places.size() > 1) continue;
    if (!box.ok()) return failed(box.status());
    note_unreadable(box->unreadable(), directory);
    const auto letters = chosen(call, box->letters());
    if (!letters.ok()) return wrong(std::string(letters.status().message()));
    for (const StoredLetter* letter : *letters) {
      const std::string name = letter->topology.empty() ? topology : letter->topology;
      Group& group = groups[{name, letter->component, letter->reason}];
      if (group.letters++ == 0) group.first = letter->time_ms;
      group.replayed += letter->replayed ? 1 : 0;
      group.last = letter->time_ms;
    }
  }
  Json json = Json::array();
  Table table({"TOPOLOGY", "COMPONENT", "LETTERS", "REPLAYED", "FIRST", "LAST", "REASON"});
  for (const auto& [key, group] : groups) {
    json.push_back({{"topology", key[0]},
                    {"component", key[1]},
                    {"reason", key[2]},
                    {"letters", group.letters},
                    {"replayed", group.replayed},
                    {"first", group.first},
                    {"last", group.last}});
    table.add({key[0], key[1], std::to_string(group.letters), std::to_string(group.replayed),
               time_text(group.first), time_text(group.last), key[2]});
  }
  if (print_structured(json, call.output)) return kSuccess;
  if (table.empty()) {
    fmt::print(stderr, "there are no dead letters{}\n", places.empty() ? "" : " that fit");
  } else {
    fmt::print("{}", table.text());
  }
  return kSuccess;
}

// ---- show, replay, purge

/// The letters of a call, from a directory or standard input.
struct Source {
  std::vector<StoredLetter> letters;
  std::optional<DeadLetterBox> box;  // none for standard input
};

absl::StatusOr<Source> open(const DlqCall& call) {
  Source source;
  std::size_t unreadable = 0;
  if (call.from_input()) {
    source.letters = read_letters(std::cin, unreadable);
  } else {
    auto box = DeadLetterBox::open(call.directory());
    if (!box.ok()) return box.status();
    unreadable = box->unreadable();
    source.letters = box->letters();
    source.box = *std::move(box);
  }
  note_unreadable(unreadable, call.from_input() ? "standard input" : call.directory());
  return source;
}

int show(const DlqCall& call, Letters letters) {
  if (!call.limit.empty()) {
    std::size_t limit = 0;
    if (!absl::SimpleAtoi(call.limit, &limit)) return wrong("--limit takes a whole number");
    if (letters.size() > limit) {
      letters.erase(letters.begin(), letters.end() - static_cast<std::ptrdiff_t>(limit));
    }
  }
  Json json = Json::array();
  for (const StoredLetter* letter : letters) json.push_back(to_json(*letter));
  if (print_structured(json, call.output)) return kSuccess;
  if (letters.empty()) {
    fmt::print(stderr, "no letter fits\n");
    return kSuccess;
  }
  for (const StoredLetter* letter : letters) {
    const std::string place = letter->position < 0
                                  ? letter->source
                                  : fmt::format("{}:{}", letter->source, letter->position);
    fmt::print("{}  {} (task {})  {}  {} {}{}\n    {}\n    {}\n", time_text(letter->time_ms),
               letter->component, letter->task, place, letter->attempts,
               letter->attempts == 1 ? "attempt" : "attempts", letter->replayed ? "  replayed" : "",
               letter->reason,
               letter->text ? letter->record : to_json(*letter)["record_hex"].get<std::string>());
  }
  return kSuccess;
}

/// Appends the records to the file, or standard output, and flushes them to the disk.
absl::Status write_records(const std::string& to, const Letters& letters) {
  std::string lines;
  for (const StoredLetter* letter : letters) {
    lines += letter->record;
    lines += '\n';
  }
  const int fd = to == "-" ? STDOUT_FILENO
                           : ::open(to.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const auto failure = [&] {
    return absl::FailedPreconditionError(
        fmt::format("cannot write to '{}': {}", to, std::strerror(errno)));
  };
  if (fd < 0) return failure();
  absl::Status status;
  for (std::string_view rest = lines; status.ok() && !rest.empty();) {
    const ssize_t written = ::write(fd, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      status = failure();
    } else {
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  if (to == "-") return status;
  if (status.ok() && ::fsync(fd) != 0) status = failure();
  ::close(fd);
  return status;
}

int replay(const DlqCall& call, Source& source, Letters letters) {
  if (call.to.empty()) return wrong("replay needs --to FILE, or --to - for standard output");
  if (!call.again) std::erase_if(letters, [](const auto* letter) { return letter->replayed; });
  // First the records, then the marks: after a crash between the two they come twice, not never.
  if (const absl::Status status = write_records(call.to, letters); !status.ok()) {
    return failed(status);
  }
  if (source.box) {
    if (const absl::Status status = source.box->mark_replayed(letters); !status.ok()) {
      return failed(status);
    }
  }
  fmt::print(stderr, "replayed {} to {}\n", counted(letters.size()),
             call.to == "-" ? "standard output" : call.to);
  return kSuccess;
}

int purge(const DlqCall& call, Source& source, Letters letters) {
  if (!source.box) return wrong("purge takes a topology or --dir, not standard input");
  if (call.replayed) std::erase_if(letters, [](const auto* letter) { return !letter->replayed; });
  if (!call.yes) {
    fmt::print(stderr, "this would remove {}; --yes does it\n", counted(letters.size()));
    return kWrongCall;
  }
  if (const absl::Status status = source.box->remove(letters); !status.ok()) return failed(status);
  fmt::print(stderr, "removed {}\n", counted(letters.size()));
  return kSuccess;
}

int run_dlq(const std::vector<std::string>& given) {
  DlqCall call;
  Arguments arguments(kDlq);
  arguments.operand("list, show, replay or purge", call.action)
      .optional_operand("TOPOLOGY", call.topology)
      .option("--dir", call.dir)
      .option("--component", call.component)
      .option("--reason", call.reason)
      .option("--since", call.since)
      .option("--before", call.before)
      .option("--limit", call.limit)
      .option("--to", call.to)
      .flag("--again", call.again)
      .flag("--replayed", call.replayed)
      .flag("--yes", call.yes)
      .choice("-o,--output", call.output, {"table", "json", "yaml"});
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  if (call.action == "list") return list(call);
  if (call.action != "show" && call.action != "replay" && call.action != "purge") {
    return wrong(fmt::format("dlq knows list, show, replay and purge, not '{}'", call.action));
  }
  if (call.topology.empty() && call.dir.empty()) {
    return wrong(fmt::format("{} needs a TOPOLOGY, or --dir", call.action));
  }
  auto source = open(call);
  if (!source.ok()) return failed(source.status());
  const auto letters = chosen(call, source->letters);
  if (!letters.ok()) return wrong(std::string(letters.status().message()));
  if (call.action == "show") return show(call, *letters);
  return call.action == "replay" ? replay(call, *source, *letters) : purge(call, *source, *letters);
}

}  // namespace

const Verb kDlq{"dlq", "list, show, replay and remove dead letters", kDlqText, run_dlq};

}  // namespace rafale::cli
