// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From polled records to messages, from complete messages to committed offsets.
#include "connectors/kafka/kafka_spout.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace rafale::connectors {
namespace {

// Records for one call of next_tuple(): enough to make the call cheap, few enough for the runtime
// to stop the spout in time.
constexpr int kBurst = 64;
constexpr std::size_t kKeptRecords = 500;
constexpr int kLastCommitMs = 5000;
constexpr std::chrono::milliseconds kLookAgain{100};

Map headers_of(const KafkaRecord& record) {
  Map map;
  for (const auto& [name, value] : record.headers) map[std::string(name)] = Value(value);
  return map;
}

}  // namespace

Schema kafka_schema() {
  return {{"topic", FieldType::string}, {"partition", FieldType::int64},
          {"offset", FieldType::int64}, {"key", FieldType::string},
          {"value", FieldType::string}, {"timestamp", FieldType::int64},
          {"headers", FieldType::map}};
}

KafkaSpout::KafkaSpout(KafkaSpoutOptions options) : options_(std::move(options)) {}
KafkaSpout::~KafkaSpout() = default;

void KafkaSpout::start(SpoutContext& context) {
  gap_records_ = &context.counter("kafka_gap_records");
  KafkaConsumer::Options consumer;
  consumer.client = options_.client;
  consumer.topics = options_.topics;
  consumer.group = options_.group;
  consumer.start = options_.start;
  consumer.task_index = context.task_index();
  consumer.task_count = context.task_count();
  consumer.refresh_ms = options_.refresh_ms;
  consumer.headers = options_.headers;
  consumer.ends = options_.until_end;
  consumer_ = std::make_unique<KafkaConsumer>(std::move(consumer), [&context] { context.wake(); });
}

void KafkaSpout::close() {
  if (!consumer_) return;
  const KafkaConsumer::Offsets last = ready_offsets();
  if (!last.empty() && options_.guarantee == KafkaGuarantee::at_least_once) {
    const std::string error = consumer_->commit_and_wait(last, kLastCommitMs);
    if (!error.empty()) {
      context().collector().report_error("cannot commit the last offsets: " + error +
                                         "; their records will come again");
    }
  }
  consumer_.reset();
}

Next KafkaSpout::produce(ReplayCollector& out) {
  look_after();
  if (!kept_.empty()) {
    emit_kept();
    return kept_.empty() ? Next::emitted() : Next::idle_for(kLookAgain);
  }
  int taken = 0;
  for (; taken < kBurst; ++taken) {
    const auto polled = consumer_->poll(record_);
    if (polled == KafkaConsumer::Polled::nothing) break;
    Partition& partition = *partitions_[by_slot_[record_.slot]];
    if (polled == KafkaConsumer::Polled::out_of_range) {
      partition.stands = true;
      consumer_->refresh();
      continue;
    }
    if (polled == KafkaConsumer::Polled::end) {
      partition.next = std::max(partition.next, record_.offset);
      continue;
    }
    if (record_.offset < partition.next) continue;  // came before the partition was moved
    if (options_.until_end && record_.offset >= partition.stop_at) {
      partition.next = partition.stop_at;
      continue;
    }
    options_.guarantee == KafkaGuarantee::at_least_once ? take(out) : keep();
  }
  if (!kept_.empty()) commit();
  if (taken > 0) return Next::emitted();
  return at_end() ? Next::done() : Next::idle_for(kLookAgain);
}

void KafkaSpout::take(ReplayCollector& out) {
  const std::size_t index = by_slot_[record_.slot];
  Partition& partition = *partitions_[index];
  KafkaCollector collector;
  collector.replay_ = &out;
  std::string why;
  bool failed = false;
  try {
    emit(record_, collector);
  } catch (const std::exception& error) {
    failed = true;
    why = error.what();
  }
  // A letter counts as one more message of the record.
  const std::uint64_t record =
      partition.progress.add(record_.offset, collector.count_ + (failed ? 1 : 0));
  // A number that an emit took and did not use is nobody's.
  while (collector.count_ > 0 && first_number_ + places_.size() < collector.first_) {
    places_.push_back({static_cast<std::uint32_t>(index), record, true});
  }
  for (std::uint32_t i = 0; i < collector.count_; ++i) {
    places_.push_back({static_cast<std::uint32_t>(index), record});
  }
  partition.next = record_.offset + 1;
  for (const std::uint64_t number : std::exchange(early_, {})) completed(number);
  if (failed) [[unlikely]] {
    bury(std::move(why), index, record);
  }
  if (partition.progress.span() >= options_.max_uncommitted && !partition.paused) [[unlikely]] {
    partition.paused = true;
    consumer_->pause(partition.name, true);
  }
}

void KafkaSpout::bury(std::string why, std::size_t partition, std::uint64_t place) {
  unburied_.push_back({std::string(record_.value.value_or(std::string_view())), std::move(why),
                       partition, record_.offset, place});
  if (unburied_.size() == 1) bury_rest();
}

// Writes letters, in order; what cannot be written is tried again, and holds its offset meanwhile.
void KafkaSpout::bury_rest() {
  while (!unburied_.empty()) {
    const Unburied& letter = unburied_.front();
    Partition& partition = *partitions_[letter.partition];
    try {
      context().dead_letter({.record = letter.record,
                             .reason = letter.reason,
                             .source = to_string(partition.name),
                             .position = letter.offset});
    } catch (const std::exception& error) {
      context().collector().report_error(error.what());
      return;
    }
    partition.progress.complete(letter.place);
    unburied_.pop_front();
  }
}

void KafkaSpout::completed(std::uint64_t number) {
  if (number < first_number_) return;
  if (number >= first_number_ + places_.size()) {
    early_.push_back(number);
    return;
  }
  Place& place = places_[number - first_number_];
  place.complete = true;
  Partition& partition = *partitions_[place.partition];
  partition.progress.complete(place.record);
  while (!places_.empty() && places_.front().complete) {
    places_.pop_front();
    ++first_number_;
  }
  if (partition.paused && partition.progress.span() < options_.max_uncommitted / 2) {
    partition.paused = false;
    if (consumer_) consumer_->pause(partition.name, false);
  }
}

void KafkaSpout::emit(const KafkaRecord& record, KafkaCollector& out) {
  const auto time = record.timestamp_ms < 0 ? std::nullopt : std::optional(record.timestamp_ms);
  if (record.headers.empty()) [[likely]] {
    out.emit(record.topic, std::int64_t{record.partition}, record.offset, record.key, record.value,
             time, nullptr);
  } else {
    out.emit(record.topic, std::int64_t{record.partition}, record.offset, record.key, record.value,
             time, headers_of(record));
  }
}

ReplaySpout::Description KafkaSpout::describe(const Tuple& row) {
  const TopicPartition place{row.get<std::string>("topic"),
                             static_cast<std::int32_t>(row.get<std::int64_t>("partition"))};
  const Value value = row.value(*row.schema().find("value"));
  return {value.is_null() ? std::string() : *value.as<std::string>(), to_string(place),
          row.get<std::int64_t>("offset")};
}

// ---- at most once -------------------------------------------------------------------------------

void KafkaSpout::keep() {
  const std::size_t index = by_slot_[record_.slot];
  Partition& partition = *partitions_[index];
  kept_.push_back({record_, {}, index});
  Kept& kept = kept_.back();
  const auto append = [&](std::string_view text) { kept.bytes += text; };
  append(record_.topic);
  append(record_.key.value_or(std::string_view()));
  append(record_.value.value_or(std::string_view()));
  for (const auto& [name, value] : record_.headers) {
    append(name);
    append(value);
  }
  const std::uint64_t place = partition.progress.add(record_.offset, 1);
  partition.progress.complete(place);
  partition.next = record_.offset + 1;
}

// Emits what was read when the broker has confirmed that it will not be read again.
void KafkaSpout::emit_kept() {
  for (const std::size_t i : by_slot_) {
    const Partition& partition = *partitions_[i];
    if (partition.committed < partition.progress.complete_below()) return;
  }
  KafkaCollector collector;
  collector.plain_ = &context().collector();
  for (Kept& kept : std::exchange(kept_, {})) {
    std::string_view rest = kept.bytes;
    const auto cut = [&](std::string_view& view) {
      view = rest.substr(0, view.size());
      rest.remove_prefix(view.size());
    };
    cut(kept.record.topic);
    if (kept.record.key) cut(*kept.record.key);
    if (kept.record.value) cut(*kept.record.value);
    for (auto& [name, value] : kept.record.headers) {
      cut(name);
      cut(value);
    }
    record_ = kept.record;
    try {
      emit(record_, collector);
    } catch (const std::exception& error) {
      bury(error.what(), kept.partition,
           partitions_[kept.partition]->progress.add(record_.offset, 1));
    }
  }
}

// ---- partitions ---------------------------------------------------------------------------------

// Takes the consumer's news, and from time to time commits and tells the lag.
void KafkaSpout::look_after() {
  take_news();
  const std::int64_t now = context().now_ms();
  for (const auto& [name, offset] : consumer_->take_committed()) {
    for (const std::size_t i : by_slot_) {
      Partition& partition = *partitions_[i];
      if (partition.name == name) partition.committed = std::max(partition.committed, offset);
    }
  }
  if (now - looked_ms_ < options_.commit_ms) return;
  looked_ms_ = now;
  bury_rest();
  commit();
  report_lag();
}

void KafkaSpout::take_news() {
  auto news = consumer_->take_news();
  if (!news) [[likely]] {
    return;
  }
  for (const std::string& error : news->errors) context().collector().report_error(error);
  if (news->assigned) take_assigned(std::move(*news->assigned));
}

void KafkaSpout::take_assigned(std::vector<KafkaConsumer::Assigned> assigned) {
  commit();  // of those that are given up as well
  std::vector<std::size_t> slots;
  for (KafkaConsumer::Assigned& part : assigned) {
    const auto known = std::ranges::find_if(
        by_slot_, [&](std::size_t i) { return partitions_[i]->name == part.partition; });
    const bool had = known != by_slot_.end();
    // What the news say of a partition that stands may be older than its standing: then it is tried
    // once more.
    const std::int64_t next = had ? partitions_[*known]->next : part.begin;
    const bool there = next >= part.earliest && next <= part.end;
    if (had && (!partitions_[*known]->stands || there)) {
      partitions_[*known]->stands = false;
      partitions_[*known]->end = std::max(partitions_[*known]->end, part.end);
      slots.push_back(*known);
      continue;
    }
    if (had) partitions_[*known]->paused = false;  // it is replaced
    const auto lost_from = had ? std::optional(next) : part.lost_from;
    const std::int64_t begin = there ? next : part.earliest;
    if (lost_from && *lost_from != begin) report_gap(part.partition, *lost_from, begin);
    Partition fresh{.name = std::move(part.partition), .progress = PartitionProgress(begin)};
    fresh.next = begin;
    fresh.committed = lost_from ? -1 : begin;
    fresh.end = part.end;
    // Where the spout began is what it ends at, also for a partition that it had to move in.
    fresh.stop_at = had ? partitions_[*known]->stop_at : part.end;
    slots.push_back(partitions_.size());
    partitions_.push_back(std::make_unique<Partition>(std::move(fresh)));
  }
  by_slot_ = std::move(slots);
  assigned_ = true;
  read_on();
}

void KafkaSpout::report_gap(const TopicPartition& partition, std::int64_t from, std::int64_t to) {
  if (to > from) {
    gap_records_->add(to - from);
    context().collector().report_error(to_string(partition) + ": the records " +
                                       std::to_string(from) + " to " + std::to_string(to - 1) +
                                       " were deleted before they were read; reading goes on at " +
                                       std::to_string(to));
    return;
  }
  context().collector().report_error(
      to_string(partition) + ": offset " + std::to_string(from) +
      " lies behind the last record, as if the topic was made anew; reading goes on at " +
      std::to_string(to));
}

void KafkaSpout::read_on() {
  KafkaConsumer::Offsets offsets;
  for (const std::size_t i : by_slot_) offsets[partitions_[i]->name] = partitions_[i]->next;
  std::sort(by_slot_.begin(), by_slot_.end(), [&](std::size_t a, std::size_t b) {
    return partitions_[a]->name < partitions_[b]->name;
  });
  consumer_->assign(offsets);
  for (const std::size_t i : by_slot_) {
    if (partitions_[i]->paused) consumer_->pause(partitions_[i]->name, true);
  }
}

// What is complete and not known to be committed.
KafkaConsumer::Offsets KafkaSpout::ready_offsets() const {
  KafkaConsumer::Offsets ready;
  for (const std::size_t i : by_slot_) {
    const Partition& partition = *partitions_[i];
    if (partition.progress.complete_below() > partition.committed) {
      ready[partition.name] = partition.progress.complete_below();
    }
  }
  return ready;
}

void KafkaSpout::commit() {
  const KafkaConsumer::Offsets ready = ready_offsets();
  if (!ready.empty()) consumer_->commit(ready);
}

bool KafkaSpout::at_end() const {
  return options_.until_end && assigned_ && kept_.empty() && unburied_.empty() && places_.empty() &&
         std::ranges::all_of(by_slot_, [&](std::size_t i) {
           return partitions_[i]->next >= partitions_[i]->stop_at;
         });
}

void KafkaSpout::report_lag() {
  if (!assigned_) return;
  std::int64_t lag = 0;
  for (const std::size_t i : by_slot_) {
    Partition& partition = *partitions_[i];
    partition.end = std::max(partition.end, consumer_->end_of(partition.name).value_or(0));
    lag += std::max<std::int64_t>(partition.end - partition.progress.complete_below(), 0);
  }
  context().report_lag(lag);
}

}  // namespace rafale::connectors
