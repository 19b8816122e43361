// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The harness: a runtime of one task, for unit tests of user code.
#include "rafale/testing.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <stdexcept>

namespace rafale::testing {
namespace {

constexpr std::string_view kMaxTupleBytes = "topology.max.tuple.bytes";
constexpr std::int64_t kDefaultMaxTupleBytes = 8 << 20;

const ComponentDef& component_of(const Topology& topology, std::string_view name) {
  const ComponentDef* found = topology.component(name);
  if (found == nullptr) {
    throw std::invalid_argument("no component \"" + std::string(name) + "\" in topology \"" +
                                topology.name + "\"");
  }
  return *found;
}

std::vector<detail::StreamInfo> inputs_of(const Topology& topology, const ComponentDef& component) {
  std::vector<detail::StreamInfo> inputs;
  for (const InputDef& input : component.inputs) {
    const StreamDef* stream = component_of(topology, input.component).stream(input.stream);
    inputs.push_back({input.component, input.stream, stream->schema});
  }
  return inputs;
}

Config config_of(const Topology& topology, const ComponentDef& component) {
  Config config = topology.config;
  config.merge(component.config);
  return config;
}

const detail::StreamInfo& tick_stream() {
  static const detail::StreamInfo info{"__system", "__tick", {{"interval_ms", FieldType::int64}}};
  return info;
}

}  // namespace

class Harness::CounterImpl : public Counter {
 public:
  explicit CounterImpl(std::int64_t& count) : count_(count) {}
  void add(std::int64_t n) override { count_ += n; }

 private:
  std::int64_t& count_;
};

// ---- the surroundings
// ----------------------------------------------------------------------------

Harness::Harness(std::vector<StreamDef> streams, std::vector<detail::StreamInfo> inputs,
                 Config config)
    : Emitter(nullptr, 0),
      config_(std::move(config)),
      inputs_(std::move(inputs)),
      spout_collector_(*this),
      bolt_collector_(*this) {
  declare(streams);
}

Harness::Harness(const Topology& topology, std::string_view component)
    : Harness(component_of(topology, component).streams,
              inputs_of(topology, component_of(topology, component)),
              config_of(topology, component_of(topology, component))) {
  topology_ = topology.name;
  component_ = component;
  count = component_of(topology, component).tasks;
  for (detail::StreamInfo& info : out_infos_) info.component = component_;
}

Harness::~Harness() = default;

void Harness::declare(const std::vector<StreamDef>& streams) {
  ComponentDef def;
  def.streams = streams;
  out_ports_.resize(stream_slots(def));
  buffers_.resize(out_ports_.size());
  for (const StreamDef& stream : streams) {
    const detail::StreamInfo& info =
        out_infos_.emplace_back(detail::StreamInfo{component_, stream.name, stream.schema});
    const StreamId id = *stream_index(def, stream.name);
    detail::OutPort& port = out_ports_[id.index];
    port.tags = static_cast<std::uint16_t>(stream.schema.tags()[0]);
    port.fields = static_cast<std::uint16_t>(stream.schema.size());
    port.index = id.index;
    port.direct = stream.direct;
    port.stream = &info;
  }
  ports_ = out_ports_.data();
  port_count_ = out_ports_.size();
}

const Schema& Harness::input(std::string_view component, std::string_view stream) const {
  std::string known;
  for (const detail::StreamInfo& info : inputs_) {
    if (info.component == component && info.stream == stream) return info.schema;
    known += (known.empty() ? " " : ", ") + info.component + "/" + info.stream;
  }
  throw std::invalid_argument("no input " + std::string(component) + "/" + std::string(stream) +
                              "; there is" + (known.empty() ? " none" : known));
}

StreamId Harness::output(std::string_view stream) const {
  for (const detail::OutPort& port : out_ports_) {
    if (port.stream != nullptr && port.stream->stream == stream) return {port.index};
  }
  throw std::invalid_argument("no output stream \"" + std::string(stream) + "\"");
}

std::vector<TaskId> Harness::tasks(std::string_view component) const {
  const auto at = component_tasks.find(component);
  return at == component_tasks.end() ? std::vector<TaskId>() : at->second;
}

Counter& Harness::counter(std::string_view name) {
  auto at = counter_objects_.find(name);
  if (at == counter_objects_.end()) {
    const std::string key(name);
    at = counter_objects_.emplace(key, std::make_unique<CounterImpl>(counters[key])).first;
  }
  return *at->second;
}

void Harness::dead_letter(const DeadLetter& letter) {
  if (dead_letters_fail) throw std::runtime_error("dead letters: cannot be written");
  const std::lock_guard lock(mutex_);
  dead_letters.push_back({std::string(letter.record), std::string(letter.reason),
                          std::string(letter.source), letter.position, letter.attempts});
}

void Harness::post(std::function<void()> work) {
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(work));
}

void Harness::run_posted() {
  while (true) {
    std::deque<std::function<void()>> posted;
    {
      const std::lock_guard lock(mutex_);
      posted.swap(posted_);
    }
    if (posted.empty()) return;
    for (const auto& work : posted) work();
  }
}

// ---- running a bolt
// ------------------------------------------------------------------------------

const detail::StreamInfo& Harness::checked_input(std::string& row, std::string_view component,
                                                 std::string_view stream) const {
  input(component, stream);  // throws if there is none
  const auto info = std::ranges::find_if(inputs_, [&](const detail::StreamInfo& i) {
    return i.component == component && i.stream == stream;
  });
  detail::OutPort port;
  port.cursor = row.data();
  port.stream = &*info;
  check_schema(port);
  return *info;
}

template <class Work>
void Harness::attempt(const Tuple& tuple, Work work) {
  try {
    work();
  } catch (const std::exception& e) {
    if (!tuple.is_tick() && open_[tuple.slot()]) {
      fail(tuple, e.what());
    } else {
      errors.emplace_back(e.what());
    }
  }
}

void Harness::run(Bolt& bolt, const std::string& row, const detail::StreamInfo& stream,
                  TaskId source) {
  const Tuple tuple(row.data(), &stream, source, static_cast<std::uint32_t>(open_.size()));
  open_.push_back(true);
  attempt(tuple, [&] { bolt.execute(tuple, bolt_collector_); });
  attempt(tuple, [&] { bolt.flush(bolt_collector_); });
}

void Harness::run(BasicBolt& bolt, const std::string& row, const detail::StreamInfo& stream,
                  TaskId source) {
  const Tuple tuple(row.data(), &stream, source, static_cast<std::uint32_t>(open_.size()));
  open_.push_back(true);
  attempt(tuple, [&] {
    BasicCollector out(tuple, bolt_collector_);
    bolt.execute(tuple, out);
    ack(tuple);
  });
}

void Harness::tick(Bolt& bolt, std::int64_t interval_ms) {
  std::string row(row::encoded_size(interval_ms), '\0');
  row::encode(row.data(), row.size(), interval_ms);
  run(bolt, row, tick_stream(), Tuple::kSystemTask);
}

void Harness::tick(BasicBolt& bolt, std::int64_t interval_ms) {
  std::string row(row::encoded_size(interval_ms), '\0');
  row::encode(row.data(), row.size(), interval_ms);
  run(bolt, row, tick_stream(), Tuple::kSystemTask);
}

// ---- the collectors' other side
// ------------------------------------------------------------------

void Harness::room(detail::OutPort& port, std::size_t bytes) {
  if (port.stream == nullptr) no_such_stream(StreamId{port.index});
  const auto limit =
      static_cast<std::size_t>(config_.get<std::int64_t>(kMaxTupleBytes, kDefaultMaxTupleBytes));
  if (bytes > limit) row_too_large(port, bytes, limit);
  std::vector<char>& buffer = buffers_[port.index];
  buffer.resize(bytes);
  port.cursor = buffer.data();
  port.limit = buffer.data() + bytes;
}

void Harness::record(detail::OutPort& port, Emitted what) {
  if (port.direct != (what.direct_to != 0)) {
    throw std::invalid_argument("stream \"" + port.stream->stream + "\" is " +
                                (port.direct ? "direct: use emit_direct()" : "not direct"));
  }
  what.stream = port.stream->stream;
  for (std::size_t at = 0; at < row::field_count(port.cursor); ++at) {
    what.values.push_back(row::read_value(port.cursor, at));
  }
  emitted.push_back(std::move(what));
}

void Harness::commit_message(detail::OutPort& port, std::size_t bytes, MessageId id) {
  commit(port, bytes, {.anchors = {}, .message = &id, .direct_to = 0});
}

void Harness::commit_anchored(detail::OutPort& port, std::size_t bytes, const Tuple& anchor) {
  const AnchorRef ref(anchor);
  commit(port, bytes, {.anchors = {&ref, 1}, .message = nullptr, .direct_to = 0});
}

void Harness::commit(detail::OutPort& port, std::size_t, const detail::Origin& origin) {
  Emitted what;
  for (const AnchorRef& anchor : origin.anchors) {
    if (anchor.tuple() != nullptr && anchor.tuple()->is_tick()) continue;
    ++(is_open(anchor) ? what.anchors : misused);
  }
  what.has_message = origin.message != nullptr;
  what.message = what.has_message ? origin.message->value : 0;
  what.direct_to = origin.direct_to;
  record(port, std::move(what));
}

bool Harness::is_open(const AnchorRef& anchor) const {
  return anchor.tuple() != nullptr ? open_[anchor.tuple()->slot()] : anchor.anchor()->open();
}

// Marks what is acked, failed or detached; false, and counted, if it was before.
bool Harness::close(const Tuple& tuple) {
  if (tuple.is_tick()) return false;
  const bool was_open = open_[tuple.slot()];
  open_[tuple.slot()] = false;
  if (!was_open) ++misused;
  return was_open;
}

bool Harness::close(Anchor& anchor) {
  const bool was_open = anchor.open();
  anchor.close();
  if (!was_open) ++misused;
  return was_open;
}

void Harness::ack(const Tuple& tuple) { acked += close(tuple) ? 1 : 0; }
void Harness::ack(Anchor& anchor) { acked += close(anchor) ? 1 : 0; }

void Harness::fail(const Tuple& tuple, std::string_view text) {
  if (close(tuple)) failed.emplace_back(text);
}

void Harness::fail(Anchor& anchor, std::string_view text) {
  if (close(anchor)) failed.emplace_back(text);
}

Anchor Harness::detach(const Tuple& tuple) {
  Anchor anchor(detail::Link{.root = tuple.slot(), .edge = 0, .spout_task = 1});
  if (!close(tuple)) anchor.close();
  return anchor;
}

HeldTuple Harness::hold(const Tuple& tuple) {
  auto copy = std::make_unique<std::string>(tuple.bytes());
  const Tuple held = tuple.with_row(copy->data());
  HeldTuple::Owner owner(copy.release(), [](void* row) { delete static_cast<std::string*>(row); });
  return HeldTuple(held, detach(tuple), std::move(owner));
}

void Harness::dead_letter(const AnchorRef*, const DeadLetter& letter) { dead_letter(letter); }

}  // namespace rafale::testing
