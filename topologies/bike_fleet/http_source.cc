// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// URLs, keys, and pages taken apart.
#include "topologies/bike_fleet/http_source.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "topologies/bike_fleet/gbfs_discovery.h"
#include "topologies/bike_fleet/station_list.h"

namespace rafale::bikes {

HttpSource::HttpSource(Options options)
    : options_(std::move(options)), names_{connectors::without_secrets(options_.url)} {}

std::string HttpSource::read_key() const {
  std::string key;
  if (!options_.key_file.empty()) {
    std::ifstream file(options_.key_file);
    if (!(file >> key)) {
      throw std::runtime_error("bikes.http.key.file: there is no key in the file '" +
                               options_.key_file + "'");
    }
    return key;
  }
  const char* given = std::getenv("JCDECAUX_API_KEY");
  if (given == nullptr || *given == '\0') {
    throw std::runtime_error(
        "there is no API key: set the variable JCDECAUX_API_KEY, or bikes.http.key.file "
        "(developer.jcdecaux.com gives keys)");
  }
  return given;
}

void HttpSource::open() {
  const std::string key = options_.api == Format::gbfs ? std::string() : read_key();
  connectors::HttpPoller::Options poller;
  poller.find_urls = [this, key](const connectors::HttpClient& client) {
    return find_urls(client, key);
  };
  poller.schedule.interval_ms = options_.interval_ms;
  poller_ = std::make_unique<connectors::HttpPoller>(std::move(poller), wake_);
}

std::vector<std::string> HttpSource::find_urls(const connectors::HttpClient& client,
                                               const std::string& key) const {
  if (options_.api == Format::gbfs) {
    const connectors::HttpResult result = client.get(options_.url);
    if (result.status != 200) {
      throw std::runtime_error(
          names_[0] + ": " +
          (result.status == 0 ? result.error : "HTTP status " + std::to_string(result.status)));
    }
    try {
      return {gbfs_feed(result.body, "station_status")};
    } catch (const std::runtime_error& error) {
      throw std::runtime_error(names_[0] + ": " + error.what());
    }
  }
  std::string base = options_.url;
  while (base.ends_with('/')) base.pop_back();
  base += options_.api == Format::jcdecaux_v3 ? "/vls/v3/stations" : "/vls/v1/stations";
  std::vector<std::string> urls;
  for (const std::string& contract : options_.contracts) {
    urls.push_back(base + "?contract=" + contract + "&apiKey=" + key);
  }
  if (urls.empty()) urls.push_back(base + "?apiKey=" + key);
  return urls;
}

std::vector<std::string> HttpSource::take_errors() { return std::exchange(errors_, {}); }

bool HttpSource::take_news() {
  auto news = poller_->take();
  if (!news) return false;
  for (std::string& error : news->errors) errors_.push_back(std::move(error));
  for (auto& page : news->pages) pages_.push_back(std::move(page));
  return !pages_.empty();
}

bool HttpSource::next(SourceRecord& record) {
  while (next_station_ == stations_.size()) {
    if (!stations_.empty() || next_station_ > 0) {
      pages_.pop_front();
      stations_.clear();
      next_station_ = 0;
    }
    if (pages_.empty() && !take_news()) return false;
    const std::string problem = split_stations(pages_.front().body, options_.api, stations_);
    if (!problem.empty()) errors_.push_back(pages_.front().url + ": " + problem);
    if (stations_.empty()) pages_.pop_front();
  }
  record.text = stations_[next_station_++];
  record.position = ++given_;
  record.moment.reset();
  record.cut = false;
  return true;
}

}  // namespace rafale::bikes
