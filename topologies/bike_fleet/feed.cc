// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The way of a record from its source into a tuple.
#include "topologies/bike_fleet/feed.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include "topologies/bike_fleet/source_position.h"
#include "topologies/bike_fleet/streams.h"

namespace rafale::bikes {
namespace {

// Records for one call of next_tuple(): enough to make the call cheap, few enough for the runtime
// to stop the feed in time.
constexpr int kBurst = 16;
constexpr std::int64_t kDefaultMaxRow = std::int64_t{8} << 20;
constexpr std::chrono::seconds kLookAgain{1};
// Of a record that is too long.
constexpr std::size_t kKeptBytes = std::size_t{64} << 10;

}  // namespace

Feed::Feed(std::unique_ptr<RecordSource> source, Format format, const std::string& contract,
           double speed, std::string position_dir)
    : source_(std::move(source)),
      position_dir_(std::move(position_dir)),
      scanner_(format, contract) {
  if (speed > 0) {
    pacer_.emplace(speed);
  }
}

void Feed::start(SpoutContext& context) {
  max_row_ = static_cast<std::size_t>(
      context.config().get<std::int64_t>("topology.max.tuple.bytes", kDefaultMaxRow));
  unreadable_ = context.output(kUnreadable);
  source_->on_more([&context] { context.wake(); });
  source_->open();
  if (!position_dir_.empty()) go_on(context);
}

void Feed::go_on(const SpoutContext& context) {
  if (source_->begins_anew()) {
    // The start's number takes the place of a file's.
    rafale::SourcePosition starts(position_dir_, context.component() + "-starts",
                                  context.task_index());
    base_ = SourcePosition{static_cast<std::uint32_t>(starts.begin()), 0}.pack();
    starts.complete(starts.begin());
    starts.keep_now();
    reached_.emplace("", context.component(), context.task_index());
    return;
  }
  reached_.emplace(position_dir_, context.component(), context.task_index());
  begin_ = reached_->begin();
  for (std::uint64_t i = 0; i < begin_; ++i) {
    try {
      if (!source_->next(record_)) break;
    } catch (const std::runtime_error&) {  // it was one message, too
    }
  }
}

bool Feed::is_far_ahead() const {
  return reached_ && begin_ + emitted_ >= reached_->reached() + std::uint64_t{kSpan};
}

void Feed::completed(std::uint64_t number) {
  if (!reached_) return;
  reached_->complete(begin_ + number);
  // Behind the last record produce() is called no more.
  if (reached_->reached() == begin_ + emitted_) reached_->keep(context().now_ms());
}

void Feed::close() {
  if (reached_) reached_->keep_now();
}

Next Feed::produce(ReplayCollector& out) {
  if (reached_) reached_->keep(context().now_ms());
  for (int emitted = 0; emitted < kBurst; ++emitted) {
    if (is_far_ahead()) [[unlikely]] {
      return emitted > 0 ? Next::emitted() : Next::idle();
    }
    if (!have_record_) {
      const Taken taken = take(out);
      if (taken == Taken::nothing) {
        continue;
      }
      if (taken == Taken::end) {
        if (emitted > 0) return Next::emitted();
        return source_->waits() ? Next::idle_for(kLookAgain) : Next::done();
      }
    }
    if (pacer_) {
      if (const std::int64_t wait = due_ms_ - context().now_ms(); wait > 0) {
        return emitted > 0 ? Next::emitted() : Next::idle_for(std::chrono::milliseconds(wait));
      }
    }
    have_record_ = false;
    emit(out);
  }
  return Next::emitted();
}

/// Takes the next record from the source; `nothing` if a part of the source could not be read.
Feed::Taken Feed::take(ReplayCollector& out) {
  try {
    have_record_ = source_->next(record_);
  } catch (const std::runtime_error& error) {
    context().collector().report_error(error.what());
    emit_unreadable(out, base_ + source_->position() + 1, error.what(), {});
    return Taken::nothing;
  }
  if (!have_record_) {
    for (const std::string& error : source_->take_errors()) {
      context().collector().report_error(error);
    }
  }
  if (have_record_ && pacer_) {
    due_ms_ = pacer_->due_ms(record_.moment, context().now_ms());
  }
  return have_record_ ? Taken::record : Taken::end;
}

void Feed::emit(ReplayCollector& out) {
  StationKey key;
  scanner_.scan(record_.text, key);
  const std::int64_t position = base_ + record_.position;
  const std::size_t bytes = row::encoded_size(key.contract, key.number, position, record_.text);
  if (record_.cut || bytes > max_row_) [[unlikely]] {
    emit_unreadable(out, position,
                    "the record is longer than topology.max.tuple.bytes, " +
                        std::to_string(max_row_) + ", allows",
                    record_.text);
    return;
  }
  out.emit(key.contract, key.number, position, record_.text);
  ++emitted_;
}

void Feed::emit_unreadable(ReplayCollector& out, std::int64_t position, std::string_view reason,
                           std::string_view record) {
  const std::size_t others = row::encoded_size(position, reason, std::string_view());
  const std::size_t room = max_row_ > others ? max_row_ - others : 0;
  out.emit(unreadable_, position, reason, record.substr(0, std::min(room, kKeptBytes)));
  ++emitted_;
}

ReplaySpout::Description Feed::describe(const Tuple& row) {
  const auto position = SourcePosition::unpack(row.get<std::int64_t>("position"));
  return {row.get<std::string>("record"), position.name_in(source_->names()), position.line};
}

}  // namespace rafale::bikes
