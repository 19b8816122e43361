// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The live view and the plain lines.
#include "topologies/bike_fleet/console.h"

#include <system_error>
#include <utility>

#include "connectors/file/line_sink.h"
#include "topologies/bike_fleet/fleet_summary.h"
#include "topologies/bike_fleet/fleet_view.h"
#include "topologies/bike_fleet/jsonl_sink.h"
#include "topologies/bike_fleet/screen.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

using connectors::LineSink;
using connectors::LineWriter;

/// Redraws at each tick. What it shows is no record of anything, so it acks at once.
class LiveView final : public Bolt {
 public:
  void prepare(TaskContext& context, BoltCollector&) override {
    context_ = &context;
    reader_ = FleetEventReader(context.input(kCity));
  }
  void execute(const Tuple& in, BoltCollector& out) override {
    if (in.is_tick()) {
      draw();
      return;
    }
    fleet_.add(reader_.read(in));
    out.ack(in);
  }
  void cleanup() override { draw(); }

 private:
  void draw() {
    fleet_.sample(context_->stats());
    const Look look = terminal_look();
    std::error_code gone;  // a terminal that was closed ends the process by a signal
    writer_.write(screen_.draw(frame(fleet_, look), look), gone);
  }

  TaskContext* context_ = nullptr;
  FleetEventReader reader_;
  FleetSummary fleet_{12};
  Screen screen_;
  LineWriter writer_ = LineWriter::standard_output();
};

/// A line for each transition, and one about everything each second.
class PlainLines final : public Bolt {
 public:
  void prepare(TaskContext& context, BoltCollector&) override {
    context_ = &context;
    reader_ = FleetEventReader(context.input(kCity));
  }
  void execute(const Tuple& in, BoltCollector& out) override {
    if (in.is_tick()) {
      tick(out);
      return;
    }
    const FleetEvent event = reader_.read(in);
    fleet_.add(event);
    if (!event.turned.empty()) {
      sink_.text() += transition_line(fleet_.last().front()) + '\n';
    }
    sink_.add(in, out);
  }
  void flush(BoltCollector& out) override { sink_.flush(out); }

 private:
  void tick(BoltCollector& out) {
    constexpr int kTicksPerSecond = std::chrono::seconds(1) / kConsoleTick;
    fleet_.sample(context_->stats());
    if (++ticks_ % kTicksPerSecond == 0) {
      sink_.text() += summary_line(fleet_) + '\n';
    }
    sink_.tick(out);
  }

  TaskContext* context_ = nullptr;
  FleetEventReader reader_;
  FleetSummary fleet_{1};
  LineSink sink_{LineWriter::standard_output(), LineSink::OnError::fail};
  int ticks_ = 0;
};

std::unique_ptr<Bolt> show_as(const Config& config) {
  if (config.get<std::string>("rafale.output", "text") == "json") {
    return std::make_unique<JsonlSink>(JsonlSink::Options{}, std::make_unique<EventFormat>());
  }
  if (config.get<bool>("rafale.tty", false)) {
    return std::make_unique<LiveView>();
  }
  return std::make_unique<PlainLines>();
}

}  // namespace

void Console::prepare(TaskContext& context, BoltCollector& out) {
  shown_ = show_as(context.config());
  shown_->prepare(context, out);
}

void Console::cleanup() {
  if (shown_) {
    shown_->cleanup();
  }
}

}  // namespace rafale::bikes
