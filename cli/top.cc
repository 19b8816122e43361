// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale top`: rates of a topology's components, live.

#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/cluster_call.h"
#include "cli/duration.h"
#include "cli/nimbus_client.h"
#include "cli/screen.h"
#include "cli/status_text.h"
#include "cli/verb.h"
#include "common/clock.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kTopText = R"(usage: rafale top [TOPOLOGY] [OPTION]...

Shows the rates of each component, its latencies, and where the time goes: busy, held back by a full
consumer, or idle. Without a topology all are shown. Ends with Ctrl-C.

options:
  -i, --interval TIME  between two drawings (default 2s); rates are over this time
)" RAFALE_CLUSTER_OPTIONS R"(
exit codes:
  0  ended by Ctrl-C
  1  there is no such topology, or no Nimbus answers
  2  the call is wrong

examples:
  rafale top words
)";

/// Remembers what it saw last.
class Rates {
 public:
  explicit Rates(NimbusClient& client) : client_(client) {}

  absl::StatusOr<std::string> of(const std::string& name) {
    absl::StatusOr<Json> now = client_.status(name, ":all-time");
    if (!now.ok()) return now.status();
    const std::int64_t at = clock_.now_ms();
    const auto before = seen_.find(name);
    std::string text = fmt::format("{}  {}\n", name, (*now)["status"].get<std::string>());
    if (before != seen_.end()) {
      const double seconds = static_cast<double>(std::max<std::int64_t>(at - before->second.at, 1));
      text += rates_text(before->second.status, *now, seconds / 1000);
    } else {
      text += rates_text(*now, *now, 1);
    }
    seen_[name] = {*std::move(now), at};
    return text;
  }

 private:
  struct Seen {
    Json status;
    std::int64_t at = 0;
  };
  NimbusClient& client_;
  common::SystemClock clock_;
  std::map<std::string, Seen> seen_;
};

int run_top(const std::vector<std::string>& given) {
  ClusterCall call;
  std::string name;
  std::string interval = "2s";
  Arguments arguments(kTop);
  arguments.optional_operand("TOPOLOGY", name).option("-i,--interval", interval);
  call.declare(arguments, false);
  if (const auto exit_code = arguments.parse(given)) return *exit_code;
  const auto pause = parse_duration("--interval", interval);
  if (!pause.ok()) return failed(pause.status());
  const auto config = call.config();
  if (!config.ok()) return failed(config.status());
  NimbusClient client(*config);
  Rates rates(client);
  return redraw(*pause, [&]() -> absl::StatusOr<std::string> {
    if (!name.empty()) return rates.of(name);
    const auto topologies = client.list();
    if (!topologies.ok()) return topologies.status();
    std::string text;
    for (const Json& topology : *topologies) {
      const auto one = rates.of(topology["name"].get<std::string>());
      text += (text.empty() ? "" : "\n") +
              (one.ok() ? *one : std::string(one.status().message()) + "\n");
    }
    return text.empty() ? "no topologies\n" : text;
  });
}

}  // namespace

const Verb kTop{"top", "show the rates of components, live", kTopText, run_top};

}  // namespace rafale::cli
