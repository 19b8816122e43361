// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Rounds of requests and the pauses between them.
#include "connectors/http/http_poller.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace rafale::connectors {
namespace {

constexpr std::size_t kShownBytes = 200;  // of an answer that is an error

std::string hint(int status) {
  if (status == 401 || status == 403) return "; is the API key right?";
  if (status == 404) return "; is the URL, or the contract, right?";
  if (status == 429) return "; polled too often, going slower";
  return {};
}

}  // namespace

HttpPoller::HttpPoller(Options options, std::function<void()> wake)
    : options_(std::move(options)),
      client_(options_.client),
      schedule_(options_.schedule),
      wake_(std::move(wake)),
      random_(options_.seed),
      thread_([this] { run(); }) {}

HttpPoller::~HttpPoller() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::optional<HttpPoller::News> HttpPoller::take() {
  std::optional<News> taken;
  {
    const std::lock_guard lock(mutex_);
    taken = std::exchange(news_, std::nullopt);
  }
  if (taken) changed_.notify_all();
  return taken;
}

void HttpPoller::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    const std::chrono::milliseconds pause(round());
    lock.lock();
    changed_.wait_for(lock, pause, [this] { return stop_; });
    changed_.wait(lock, [this] { return stop_ || !news_; });
  }
}

// Asks each URL once; the pause until the next round, that of the worst answer.
std::int64_t HttpPoller::round() {
  News news;
  PollAnswer worst{.status = 200};
  try {
    if (urls_.empty()) {
      for (std::string& url : options_.find_urls(client_))
        urls_.push_back({std::move(url), {}, {}});
    }
    for (Url& url : urls_) {
      const PollAnswer answer = ask(url, news);
      const bool good = (answer.status >= 200 && answer.status < 300) || answer.status == 304;
      if (!good) worst = answer;
    }
  } catch (const std::runtime_error& error) {
    news.errors.emplace_back(error.what());
    worst = {};
  }
  const bool failed = worst.status != 200;
  if (failed) urls_.clear();  // they may have changed; what they gave is asked for again
  hand_over(std::move(news));
  return schedule_.pause_ms(worst, chance());
}

// Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014.
double HttpPoller::chance() {
  std::uint64_t z = random_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

PollAnswer HttpPoller::ask(Url& url, News& news) {
  HttpResult result = client_.get(url.url, url.etag, url.last_modified);
  ++news.polls;
  const std::string shown = without_secrets(url.url);
  if (result.status >= 200 && result.status < 300) {
    url.etag = std::move(result.etag);
    url.last_modified = std::move(result.last_modified);
    news.pages.push_back({shown, std::move(result.body)});
  } else if (result.status == 304) {
    ++news.not_modified;
  } else if (result.status == 0) {
    news.errors.push_back(shown + " " + result.error);
  } else {
    news.errors.push_back(shown + ": HTTP status " + std::to_string(result.status) +
                          (result.body.empty() ? "" : " " + result.body.substr(0, kShownBytes)) +
                          hint(result.status));
  }
  return {result.status, result.retry_after_ms};
}

void HttpPoller::hand_over(News news) {
  if (news.pages.empty() && news.errors.empty() && news.not_modified == 0) return;
  {
    const std::lock_guard lock(mutex_);
    news_ = std::move(news);
  }
  wake_();
}

}  // namespace rafale::connectors
