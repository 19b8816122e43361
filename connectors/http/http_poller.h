// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Polls URLs on a thread of its own, so that its reader never waits.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "connectors/http/http_client.h"
#include "connectors/http/poll_schedule.h"

namespace rafale::connectors {

/// Asks a list of URLs in turn, again and again as PollSchedule says. An answer that has not
/// changed (304) is no page. While nobody takes what came, nothing is asked.
class HttpPoller {
 public:
  struct Options {
    /// Called on the poller's thread before the first poll, and again after a failure: the URLs. It
    /// may ask for them. Throws std::runtime_error with what the user should read.
    std::function<std::vector<std::string>(const HttpClient&)> find_urls;
    HttpClient::Options client{};
    PollSchedule::Options schedule{};
    std::uint64_t seed = 1;  ///< of the chance in pauses
  };
  struct Page {
    std::string url;  ///< as it may be shown
    std::string body;
  };
  struct News {
    std::vector<Page> pages;
    std::vector<std::string> errors;  ///< in sentences, without secrets
    std::int64_t polls = 0;
    std::int64_t not_modified = 0;
  };

  /// `wake` is called on the poller's thread when there is something to take.
  HttpPoller(Options options, std::function<void()> wake);
  /// Waits for a request that is under way.
  ~HttpPoller();
  HttpPoller(const HttpPoller&) = delete;
  HttpPoller& operator=(const HttpPoller&) = delete;

  /// What came since the last call. Any thread.
  std::optional<News> take();

 private:
  struct Url {
    std::string url, etag, last_modified;
  };
  void run();
  std::int64_t round();
  PollAnswer ask(Url& url, News& news);
  void hand_over(News news);
  double chance();

  Options options_;
  HttpClient client_;
  PollSchedule schedule_;
  std::function<void()> wake_;
  std::uint64_t random_;   // splitmix64
  std::vector<Url> urls_;  // of the thread
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::optional<News> news_;
  std::thread thread_;
};

}  // namespace rafale::connectors
