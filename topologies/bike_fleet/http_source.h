// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Records of live APIs.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/http/http_poller.h"
#include "topologies/bike_fleet/record_source.h"
#include "topologies/bike_fleet/station_record.h"

namespace rafale::bikes {

/// Polls JCDecaux (v1 or v3) or a GBFS system, which is found by its gbfs.json, and gives every
/// station of every answer as a record. An answer that did not change gives none.
class HttpSource final : public RecordSource {
 public:
  struct Options {
    Format api = Format::jcdecaux_v1;
    std::string url;                     ///< the server; for GBFS that of gbfs.json
    std::vector<std::string> contracts;  ///< of JCDecaux; empty: all
    std::string key_file;                ///< empty: the variable JCDECAUX_API_KEY
    std::int64_t interval_ms = 60'000;
  };

  explicit HttpSource(Options options);

  void on_more(std::function<void()> wake) override { wake_ = std::move(wake); }
  bool waits() const override { return true; }
  std::vector<std::string> take_errors() override;
  void open() override;
  bool next(SourceRecord& record) override;
  std::int64_t position() const override { return given_; }
  const std::vector<std::string>& names() const override { return names_; }

 private:
  std::vector<std::string> find_urls(const connectors::HttpClient& client,
                                     const std::string& key) const;
  std::string read_key() const;
  bool take_news();

  Options options_;
  std::vector<std::string> names_;
  std::function<void()> wake_ = [] {};
  std::unique_ptr<connectors::HttpPoller> poller_;  // from open() on
  std::deque<connectors::HttpPoller::Page> pages_;
  std::vector<std::string_view> stations_;  // in the first page
  std::size_t next_station_ = 0;
  std::vector<std::string> errors_;
  std::int64_t given_ = 0;
};

}  // namespace rafale::bikes
