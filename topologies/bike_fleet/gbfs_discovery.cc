// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A search in the object "data".
#include "topologies/bike_fleet/gbfs_discovery.h"

#include <simdjson.h>

#include <stdexcept>

namespace rafale::bikes {
namespace {

namespace dom = simdjson::dom;

/// The URL of a feed in a list of them; empty if it is not there.
std::string find_feed(dom::element feeds, std::string_view name) {
  dom::array list;
  if (feeds.get(list) != simdjson::SUCCESS) return {};
  for (const dom::element feed : list) {
    std::string_view found;
    std::string_view url;
    if (feed["name"].get(found) == simdjson::SUCCESS && found == name &&
        feed["url"].get(url) == simdjson::SUCCESS) {
      return std::string(url);
    }
  }
  return {};
}

}  // namespace

std::string gbfs_feed(const std::string& gbfs_json, std::string_view name) {
  dom::parser parser;
  dom::element document;
  dom::object data;
  if (parser.parse(gbfs_json).get(document) != simdjson::SUCCESS ||
      document["data"].get(data) != simdjson::SUCCESS) {
    throw std::runtime_error("the answer is no gbfs.json: it has no object 'data'");
  }
  std::string url;
  dom::element feeds;
  if (data["feeds"].get(feeds) == simdjson::SUCCESS) {
    url = find_feed(feeds, name);
  } else {
    for (const dom::key_value_pair language : data) {
      if (language.value["feeds"].get(feeds) == simdjson::SUCCESS) url = find_feed(feeds, name);
      if (!url.empty()) break;
    }
  }
  if (url.empty()) throw std::runtime_error("gbfs.json names no feed " + std::string(name));
  return url;
}

}  // namespace rafale::bikes
