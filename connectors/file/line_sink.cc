// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Writes first, acks afterwards.
#include "connectors/file/line_sink.h"

#include <algorithm>
#include <utility>

namespace rafale::connectors {
namespace {

// Written before the flush when more than this has gathered: a wide fan-in must not buffer for
// ever.
constexpr std::size_t kMuch = std::size_t{1} << 20;

}  // namespace

LineSink::LineSink(LineWriter writer, OnError on_error)
    : writer_(std::move(writer)), on_error_(on_error) {}

void LineSink::add(const Tuple& tuple, BoltCollector& out) {
  waiting_.push_back({text_.size(), out.detach(tuple)});
  if (writer_.sync_mode() == Sync::always || (text_.size() > kMuch && !stuck_)) {
    flush(out);
  }
}

void LineSink::flush(BoltCollector& out) {
  if (waiting_.empty() && text_.empty()) {
    return;
  }
  std::error_code error;
  const std::size_t written = writer_.write(text_, error);
  std::size_t safe = written;
  if (written > 0) {
    std::error_code sync_error;
    writer_.sync(written, sync_error);
    if (sync_error) {
      error = sync_error;
      safe = 0;
    }
  }
  stuck_ = static_cast<bool>(error);
  ack_up_to(safe, out);
  if (error) {
    handle_error(safe, error, out);
  } else {
    text_.clear();
  }
}

void LineSink::tick(BoltCollector& out) {
  flush(out);
  for (const Waiting& w : waiting_) {
    out.reset_timeout(w.anchor);
  }
}

void LineSink::ack_up_to(std::size_t end, BoltCollector& out) {
  const auto rest =
      std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& w) { return w.end > end; });
  for (auto it = waiting_.begin(); it != rest; ++it) {
    out.ack(it->anchor);
  }
  waiting_.erase(waiting_.begin(), rest);
}

void LineSink::handle_error(std::size_t written, const std::error_code& error, BoltCollector& out) {
  const std::string reason = "cannot write " + writer_.path() + ": " + error.message();
  out.report_error(reason);
  if (on_error_ == OnError::hold) {
    text_.erase(0, written);
    for (Waiting& w : waiting_) {
      w.end -= written;
    }
    return;
  }
  for (Waiting& w : waiting_) {
    out.fail(w.anchor, reason);
  }
  waiting_.clear();
  // The file may end within a line: its rest goes out first, so that no two lines run together.
  if (written > 0 && text_[written - 1] != '\n') {
    const std::size_t feed = text_.find('\n', written);
    text_.erase(feed == std::string::npos ? text_.size() : feed + 1);
    text_.erase(0, written);
  } else {
    text_.clear();
  }
}

}  // namespace rafale::connectors
