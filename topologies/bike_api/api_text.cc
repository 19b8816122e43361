// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Field by field.
#include "topologies/bike_api/api_text.h"

#include <charconv>
#include <ctime>
#include <set>

namespace rafale::bikes {
namespace {

using Json = nlohmann::ordered_json;

/// "2025-02-08T16:44:06Z".
std::string rfc3339(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

/// JCDecaux writes numbers in digits where they consist of digits.
Json number_json(const std::string& number) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool digits = error == std::errc() && end == number.data() + number.size();
  return digits ? Json(value) : Json(number);
}

/// A moment as this version of GBFS writes it.
Json moment_json(Gbfs version, std::int64_t ms) {
  return version == Gbfs::v3_0 ? Json(rfc3339(ms)) : Json(ms / 1000);
}

/// A text as this version of GBFS writes it.
Json text_json(Gbfs version, const std::string& text) {
  if (version != Gbfs::v3_0) return text;
  return Json::array({{{"text", text}, {"language", "en"}}});
}

Json envelope(Gbfs version, Json data, std::int64_t now_ms) {
  return {{"last_updated", moment_json(version, now_ms)},
          {"ttl", 0},
          {"version", version == Gbfs::v3_0 ? "3.0" : "2.3"},
          {"data", std::move(data)}};
}

Json stands_json(const LiveStation& station) {
  return {{"availabilities",
           {{"bikes", station.bikes},
            {"stands", station.free_docks},
            {"mechanicalBikes", station.bikes},
            {"electricalBikes", 0},
            {"electricalInternalBatteryBikes", 0},
            {"electricalRemovableBatteryBikes", 0}}},
          {"capacity", station.docks}};
}

}  // namespace

Json jcdecaux_v1(const LiveStation& station) {
  return {{"number", number_json(station.number)},
          {"contract_name", station.contract},
          {"name", station.name},
          {"address", station.address},
          {"position", {{"lat", station.latitude}, {"lng", station.longitude}}},
          {"banking", false},
          {"bonus", false},
          {"bike_stands", station.docks},
          {"available_bike_stands", station.free_docks},
          {"available_bikes", station.bikes},
          {"status", station.open ? "OPEN" : "CLOSED"},
          {"last_update", station.updated_ms}};
}

Json jcdecaux_v3(const LiveStation& station) {
  return {{"number", number_json(station.number)},
          {"contractName", station.contract},
          {"name", station.name},
          {"address", station.address},
          {"position", {{"latitude", station.latitude}, {"longitude", station.longitude}}},
          {"banking", false},
          {"bonus", false},
          {"status", station.open ? "OPEN" : "CLOSED"},
          {"lastUpdate", rfc3339(station.updated_ms)},
          {"connected", true},
          {"overflow", false},
          {"shape", nullptr},
          {"totalStands", stands_json(station)},
          {"mainStands", stands_json(station)},
          {"overflowStands", nullptr}};
}

Json contracts(const std::vector<LiveStation>& stations) {
  std::set<std::string> names;
  for (const LiveStation& station : stations) names.insert(station.contract);
  Json all = Json::array();
  for (const std::string& name : names) {
    all.push_back({{"name", name},
                   {"commercial_name", name},
                   {"country_code", "FR"},
                   {"cities", Json::array({name})}});
  }
  return all;
}

Json gbfs_index(Gbfs version, const std::string& base, std::int64_t now_ms) {
  Json feeds = Json::array();
  for (const char* name : {"system_information", "station_information", "station_status"}) {
    feeds.push_back({{"name", name}, {"url", base + "/" + name + ".json"}});
  }
  Json data = version == Gbfs::v3_0 ? Json{{"feeds", feeds}} : Json{{"en", {{"feeds", feeds}}}};
  return envelope(version, std::move(data), now_ms);
}

Json gbfs_system(Gbfs version, const std::string& contract, std::int64_t now_ms) {
  return envelope(version,
                  {{"system_id", contract},
                   {"name", text_json(version, contract)},
                   {version == Gbfs::v3_0 ? "languages" : "language",
                    version == Gbfs::v3_0 ? Json::array({"en"}) : Json("en")},
                   {"timezone", "Etc/UTC"}},
                  now_ms);
}

Json gbfs_information(Gbfs version, const std::vector<LiveStation>& stations, std::int64_t now_ms) {
  Json list = Json::array();
  for (const LiveStation& station : stations) {
    list.push_back({{"station_id", station.number},
                    {"name", text_json(version, station.name)},
                    {"lat", station.latitude},
                    {"lon", station.longitude},
                    {"address", station.address},
                    {"capacity", station.docks}});
  }
  return envelope(version, {{"stations", std::move(list)}}, now_ms);
}

Json gbfs_status(Gbfs version, const std::vector<LiveStation>& stations, std::int64_t now_ms) {
  Json list = Json::array();
  const char* count = version == Gbfs::v3_0 ? "num_vehicles_available" : "num_bikes_available";
  for (const LiveStation& station : stations) {
    list.push_back({{"station_id", station.number},
                    {count, station.bikes},
                    {"num_docks_available", station.free_docks},
                    {"is_installed", true},
                    {"is_renting", station.open},
                    {"is_returning", station.open},
                    {"last_reported", moment_json(version, station.updated_ms)}});
  }
  return envelope(version, {{"stations", std::move(list)}}, now_ms);
}

}  // namespace rafale::bikes
