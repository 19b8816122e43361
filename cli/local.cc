// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// `rafale local`: runs a topology in one process on this machine.

#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/arguments.h"
#include "cli/duration.h"
#include "cli/plugin_graph.h"
#include "cli/programs.h"
#include "cli/terminal.h"
#include "cli/verb.h"

namespace rafale::cli {
namespace {

constexpr std::string_view kLocalText = R"(usage: rafale local PLUGIN.so [OPTION]...

Runs a whole topology in one process: no cluster, no configuration needed. Ends when you press
Ctrl-C, or as --for and --until-done say. Spouts then stop, queues drain for at most
topology.message.timeout.secs, sinks write what they hold. A second Ctrl-C ends at once.

options:
  -c KEY=VALUE        a setting of the topology or of the runtime; may be repeated. The value is
                      typed as in YAML: 4, 0.5, true, and everything else is text; quotes make
                      text of a number: -c 'bikes.contract="007"'
  --config FILE       settings from a YAML file, nested or with dotted keys; -c wins
  --for TIME          end after this time: 20s, 500ms, 2m, 1h30m; a bare number is seconds
  --until-done        end when every finite spout is done and each of its messages is acked or
                      dead-lettered
  --append            write into output directories that are not empty, as -c sink.append=true
  --threads N         threads of the executor pool (default: one per core)
  --stats TIME        print a table of all components to standard error at this interval
  -o, --output FORM   text or json (default text). With json there is nothing but JSON on standard
                      output, one object per line; the last one is the result.
  --log-level LEVEL   trace, debug, info, warn, error or off (default info)
  --log-format FORM   text or json (default text)
  -h, --help          this text

result:
  The last line of standard output says what became of the messages:
    emitted 1041089 acked 1041086 failed 12 replayed 12 dead_lettered 3 elapsed 2.31s
  With -o json it is an object with these counts, pending, rate, complete_latency_ms and the
  counters of all components. Dead letters are records that no retry helped; standard error says
  which file they are in.

exit codes:
  0    every message was acked or dead-lettered, after Ctrl-C too
  1    some were not, or the topology could not run
  2    the call or its settings are wrong
  130  ended at once by a second Ctrl-C (143 by a second SIGTERM)

environment:
  RAFALE_CONFIG       the file for --config if that is not given
  NO_COLOR            if not empty, no colours

examples:
  rafale local word_count.so --until-done
  rafale local bike_fleet.so --for 20s -c bikes.seed=7
  rafale local bike_fleet.so --config fleet.yaml -c bikes.parallelism=4 --stats 5s
  rafale local word_count.so --until-done -o json | tail -n 1 | jq .acked
)";

struct LocalCall {
  PluginCall plugin = PluginCall::from_environment();
  std::string run_for, threads, stats, output, log_level, log_format;
  bool until_done = false;
  bool append = false;
};

// Appends `--NAME-ms N` for a time that was given; what is wrong with it, if anything.
std::string add_duration(const std::string& option, const std::string& text,
                         std::vector<std::string>& to) {
  if (text.empty()) return {};
  const auto time = parse_duration(option, text);
  if (!time.ok()) return std::string(time.status().message());
  to.insert(to.end(), {option + "-ms", std::to_string(time->count())});
  return {};
}

std::string check_threads(const std::string& text) {
  unsigned threads = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, threads);
  const bool good = error == std::errc() && at == end && threads >= 1 && threads <= 4096;
  return text.empty() || good
             ? ""
             : fmt::format("--threads takes a number from 1 to 4096, not '{}'", text);
}

int run_local(const std::vector<std::string>& given) {
  LocalCall call;
  Arguments arguments(kLocal);
  arguments.operand("PLUGIN.so", call.plugin.plugin)
      .list("-c", call.plugin.assignments)
      .option("--config", call.plugin.config_file)
      .option("--for,--local-ttl", call.run_for)
      .flag("--until-done", call.until_done)
      .flag("--append", call.append)
      .option("--threads", call.threads)
      .option("--stats", call.stats)
      .choice("-o,--output", call.output, {"text", "json"})
      .choice("--log-level", call.log_level, {"trace", "debug", "info", "warn", "error", "off"})
      .choice("--log-format", call.log_format, {"text", "json"});
  if (const auto exit_code = arguments.parse(given)) return *exit_code;

  if (call.append) call.plugin.assignments.emplace_back("sink.append=true");
  std::vector<std::string> passed = call.plugin.arguments();
  passed.insert(passed.begin(), "local");
  if (call.stats == "0") call.stats.clear();
  for (const std::string& mistake :
       {add_duration("--for", call.run_for, passed), add_duration("--stats", call.stats, passed),
        check_threads(call.threads)}) {
    if (mistake.empty()) continue;
    complain(fmt::format("{}; see 'rafale help local'", mistake));
    return kWrongCall;
  }
  const auto pass = [&passed](const char* option, const std::string& value) {
    if (!value.empty()) passed.insert(passed.end(), {option, value});
  };
  pass("--threads", call.threads);
  pass("--output", call.output);
  pass("--log-level", call.log_level);
  pass("--log-format", call.log_format);
  if (call.until_done) passed.emplace_back("--until-done");
  return become("rafale-worker", passed);
}

}  // namespace

const Verb kLocal{"local", "run a topology in one process on this machine", kLocalText, run_local};

}  // namespace rafale::cli
