// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Polling with a line of progress.

#include "cli/waiting.h"

#include <unistd.h>

#include <thread>
#include <utility>

#include <fmt/format.h>

#include "cli/terminal.h"
#include "common/clock.h"

namespace rafale::cli {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

std::string progress_of(const Json& status) {
  std::size_t running = 0;
  std::string laggard;
  for (const Json& worker : status["workers"]) {
    if (worker["state"] == "running") {
      ++running;
    } else if (laggard.empty()) {
      laggard = fmt::format(", {}:{} is {}", worker["host"].get<std::string>(),
                            worker["port"].get<int>(), worker["state"].get<std::string>());
      const auto last = worker["last_exit"].get<std::string>();
      if (!last.empty()) laggard += fmt::format(" after {}", last);
    }
  }
  std::string text = fmt::format("{}: {} of {} workers run{}", status["status"].get<std::string>(),
                                 running, status["workers"].size(), laggard);
  if (status.contains("unplaced_executors")) {
    text += fmt::format(", {} executors find no free slot",
                        status["unplaced_executors"].get<std::uint64_t>());
  }
  return text;
}

class ProgressLine {
 public:
  void show(const std::string& text) {
    if (shown_ || isatty(STDERR_FILENO) != 0) {
      fmt::print(stderr, "\r\x1b[K{:.100}", text);
      shown_ = true;
    }
  }
  ~ProgressLine() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
  }

 private:
  bool shown_ = false;
};

}  // namespace

absl::StatusOr<Json> wait_for_topology(NimbusClient& client, const std::string& name,
                                       milliseconds at_most,
                                       const std::function<bool(const Json&)>& settled) {
  const common::SystemClock clock;
  const auto end = clock.now() + at_most;
  milliseconds pause{20};
  ProgressLine line;
  std::string last = "no answer of Nimbus";
  for (;;) {
    absl::StatusOr<Json> status = client.status(name, ":all-time");
    if (status.ok()) {
      if ((*status)["status"] == "FAILED") {
        return absl::FailedPreconditionError(
            fmt::format("{} failed: {}", name, status->value("reason", "")));
      }
      if (settled(*status)) return status;
      last = progress_of(*status);
      line.show(last);
    } else if (!absl::IsUnavailable(status.status())) {
      return status.status();
    } else {
      last = std::string(status.status().message());
    }
    if (clock.now() >= end) {
      return absl::DeadlineExceededError(
          fmt::format("after {} s: {}; `rafale status {}` and `rafale errors {}` say more",
                      at_most.count() / 1000, last, name, name));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 3 / 2, milliseconds(250));
  }
}

bool is_running(const Json& status) {
  if (status["status"] != "ACTIVE" && status["status"] != "INACTIVE") return false;
  for (const Json& worker : status["workers"]) {
    if (worker["state"] != "running") return false;
  }
  return !status["workers"].empty() && !status.contains("unplaced_executors");
}

std::string places(const Json& status) {
  std::string text;
  for (const Json& worker : status["workers"]) {
    text += fmt::format("{}{}:{}", text.empty() ? "" : ", ", worker["host"].get<std::string>(),
                        worker["port"].get<int>());
  }
  return text;
}

}  // namespace rafale::cli
