// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counts the visits of a web site: per page, per user, per minute.
//
//   rafale local page_visits.so --until-done -c visits.file=access.log
//   rafale local page_visits.so -c visits.source=kafka -c visits.output=counts
#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "connectors/file/output_directory.h"
#include "connectors/kafka/kafka_options.h"
#include "rafale/rafale.h"
#include "topologies/page_visits/access_log.h"
#include "topologies/page_visits/count_bolt.h"
#include "topologies/page_visits/log_source.h"
#include "topologies/page_visits/report.h"

namespace {

using namespace rafale;
using namespace rafale::visits;

constexpr const char* kLines = "page-visits";
constexpr const char* kVisits = "visit-counts";

/// Understands lines, and buries those that nobody can. Counts the visits.
class ParseBolt final : public BasicBolt {
 public:
  ParseBolt(std::string source, double fail) : source_(std::move(source)), fail_(fail) {}

  void prepare(TaskContext& context) override { visits_ = &context.counter("visits"); }

  void execute(const Tuple& in, BasicCollector& out) override {
    if (fail_ > 0 && ++executed_ * fail_ >= static_cast<double>(failed_ + 1)) {
      ++failed_;
      throw std::runtime_error("failed on purpose, see visits.fail");
    }
    const auto line = in.get<std::string_view>("line");
    const auto position = in.get<std::int64_t>("position");
    Visit visit;
    if (const char* reason = parse_access_line(line, visit)) {
      out.dead_letter({.record = line, .reason = reason, .source = source_, .position = position});
      return;
    }
    const std::time_t seconds = visit.minute_ms / 1000;
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    char minute[32];
    std::strftime(minute, sizeof minute, "%Y-%m-%dT%H:%MZ", &utc);
    out.emit(visit.page, visit.user, std::string_view(minute), in.get<std::int64_t>("source"),
             position);
    visits_->add();
  }

 private:
  std::string source_;
  double fail_;
  double executed_ = 0;
  std::int64_t failed_ = 0;
  Counter* visits_ = nullptr;
};

void check_file(TopologyBuilder& builder, const std::string& file, bool follow) {
  std::error_code ignored;
  if (file.empty()) {
    builder.mistake("visits.source=file needs visits.file, the log to read");
  } else if (follow) {
    if (file.ends_with(".zst")) builder.mistake("visits.follow reads plain files only");
  } else if (!std::filesystem::is_regular_file(file, ignored)) {
    builder.mistake("visits.file: there is no file '" + file + "'");
  }
}

}  // namespace

RAFALE_TOPOLOGY("page_visits", builder) {
  const auto source =
      builder.option("visits.source", "file", "where log lines come from: file or kafka");
  const auto file = builder.option("visits.file", "", "the log, plain or .zst");
  const auto follow = builder.option("visits.follow", false,
                                     "go on with what is written to the log, across rotations");
  const auto position =
      builder.option("source.position", "", "directory in which the file's position is kept");
  const auto output = builder.option("visits.output", "",
                                     "directory of pages-*.json, users-*.json, minutes-*.json");
  const auto parallelism = builder.option("visits.parallelism", 1, "tasks of each bolt");
  const auto top = builder.option("visits.top", 10, "how many of each to print at the end");
  const auto fail =
      builder.option("visits.fail", 0.0, "share of lines that fail on purpose once; a testing aid");
  auto kafka = connectors::read_kafka_spout(builder, connectors::read_kafka_settings(builder),
                                            "kafka", "page-visits", "page-visits");
  kafka.max_uncommitted = SeenPositions::kWindow / 2;
  kafka.headers = false;
  connectors::read_kafka_dead_letters(builder, kafka.client);
  if (source != "file" && source != "kafka") {
    builder.mistake("visits.source is '" + source + "'; it must be file or kafka");
  }
  if (source == "file") check_file(builder, file, follow);
  if (source == "kafka") connectors::require_one_topic(builder, kafka.topics);
  if (parallelism < 1 || parallelism > 1024 || top < 0 || !(fail >= 0 && fail < 1)) {
    builder.mistake("visits.parallelism is 1 to 1024, visits.top a count, visits.fail below 1");
  }
  if (!output.empty()) builder.config("topology.dead.letters.dir", output);

  const auto tasks = static_cast<std::uint32_t>(parallelism);
  if (source == "kafka") {
    builder.spout(kLines, [=] { return std::make_unique<LogTopic>(kafka); })
        .output(line_schema())
        .parallelism(tasks);
  } else if (follow) {
    builder.spout(kLines, [=] { return std::make_unique<GrowingLog>(file, position); })
        .output(line_schema());
  } else {
    builder.spout(kLines, [=] { return std::make_unique<LogFile>(file, position); })
        .output(line_schema());
  }
  const std::string origin = source == "kafka" ? kafka.topics.empty() ? "" : kafka.topics[0] : file;
  builder.bolt(kVisits, [=] { return std::make_unique<ParseBolt>(origin, fail); })
      .shuffle(kLines)
      .output({{"page", FieldType::string},
               {"user", FieldType::string},
               {"minute", FieldType::string},
               {"source", FieldType::int64},
               {"position", FieldType::int64}})
      .parallelism(tasks);
  const auto report = std::make_shared<Report>(static_cast<std::size_t>(top));
  for (const auto& [component, field, name] :
       {std::array{"page-visit-counts", "page", "pages"},
        std::array{"user-visit-counts", "user", "users"},
        std::array{"minute-visit-counts", "minute", "minutes"}}) {
    const CountBolt::Options options{field, name, output, report};
    builder.bolt(component, [options] { return std::make_unique<CountBolt>(options); })
        .fields(kVisits, {field})
        .parallelism(tasks)
        .tick(std::chrono::milliseconds(500))
        .blocking(!output.empty());
  }
}
