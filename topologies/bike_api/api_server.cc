// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Routes, errors, ETags.
#include "topologies/bike_api/api_server.h"

#include <httplib.h>

#include <chrono>
#include <thread>
#include <utility>

#include "rafale/hash.h"
#include "topologies/bike_api/api_text.h"
#include "topologies/bike_api/mishaps.h"

namespace rafale::bikes {
namespace {

using Json = nlohmann::ordered_json;
using httplib::Request;
using httplib::Response;

constexpr std::size_t kThreads = 8;

std::vector<LiveStation> of_contract(std::vector<LiveStation> stations,
                                     const std::string& contract) {
  if (contract.empty()) return stations;
  std::erase_if(stations, [&](const LiveStation& one) { return one.contract != contract; });
  return stations;
}

void refuse(Response& response, int status, const std::string& why) {
  response.status = status;
  response.set_content(Json{{"error", why}}.dump(), "application/json");
}

}  // namespace

struct ApiServer::Impl {
  Impl(LiveCity& live, Options given, std::function<std::int64_t()> elapsed)
      : city(live),
        options(std::move(given)),
        elapsed_ms(std::move(elapsed)),
        mishaps(options.fail, options.seed) {}

  void answer(const Request& request, Response& response, const Json& json) {
    std::string body = json.dump();
    const std::string etag =
        "\"" + std::to_string(hash_bytes(kHashSeed, FieldType::string, body)) + "\"";
    Mishap mishap = mishaps.next();
    if (request.has_param("fail")) {
      mishap = parse_mishap(request.get_param_value("fail")).value_or(Mishap::none);
    }
    switch (mishap) {
      case Mishap::status_429:
        response.set_header("Retry-After", "1");
        refuse(response, 429, "too many requests");
        return;
      case Mishap::status_500:
        refuse(response, 500, "something broke");
        return;
      case Mishap::slow:
        std::this_thread::sleep_for(std::chrono::milliseconds(options.slow_ms));
        break;
      case Mishap::truncated:
        body.resize(body.size() / 2);
        break;
      case Mishap::none:
        break;
    }
    response.set_header("ETag", etag);
    if (request.get_header_value("If-None-Match") == etag && mishap != Mishap::truncated) {
      response.status = 304;
      return;
    }
    response.set_content(body, "application/json");
  }

  bool allowed(const Request& request, Response& response) {
    const std::string key = request.get_param_value("apiKey");
    if (!key.empty() && (options.key.empty() || key == options.key)) return true;
    refuse(response, 403, key.empty() ? "apiKey is missing" : "unknown apiKey");
    return false;
  }

  /// `version` is v1 or v3.
  void stations(const Request& request, Response& response, bool v3) {
    if (!allowed(request, response)) return;
    const std::string contract = request.get_param_value("contract");
    const auto all = of_contract(city.at(elapsed_ms()), contract);
    if (!contract.empty() && all.empty()) {
      refuse(response, 400, "Specified contract does not exist");
      return;
    }
    Json list = Json::array();
    for (const LiveStation& station : all) {
      list.push_back(v3 ? jcdecaux_v3(station) : jcdecaux_v1(station));
    }
    answer(request, response, list);
  }

  void station(const Request& request, Response& response, bool v3) {
    if (!allowed(request, response)) return;
    for (const LiveStation& one :
         of_contract(city.at(elapsed_ms()), request.get_param_value("contract"))) {
      if (one.number == request.matches[1].str()) {
        answer(request, response, v3 ? jcdecaux_v3(one) : jcdecaux_v1(one));
        return;
      }
    }
    refuse(response, 404, "Station not found");
  }

  void gbfs(const Request& request, Response& response, const std::string& contract, Gbfs version,
            const std::string& feed) {
    const std::int64_t elapsed = elapsed_ms();
    const auto all = of_contract(city.at(elapsed), contract);
    const std::int64_t now = city.moment(elapsed);
    if (all.empty()) {
      refuse(response, 404, "there is no system of that name");
    } else if (feed == "gbfs") {
      const std::string folder = version == Gbfs::v3_0 ? "/3.0" : "/2.3";
      answer(request, response,
             gbfs_index(version,
                        "http://" + request.get_header_value("Host") + "/gbfs/" + contract + folder,
                        now));
    } else if (feed == "system_information") {
      answer(request, response, gbfs_system(version, contract, now));
    } else if (feed == "station_information") {
      answer(request, response, gbfs_information(version, all, now));
    } else {
      answer(request, response, gbfs_status(version, all, now));
    }
  }

  void add_routes() {
    server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server.set_keep_alive_timeout(1);  // stop() waits for idle connections
    for (const bool v3 : {false, true}) {
      const std::string base = v3 ? "/vls/v3" : "/vls/v1";
      server.Get(base + "/contracts", [this](const Request& request, Response& response) {
        if (allowed(request, response)) {
          answer(request, response, contracts(city.at(elapsed_ms())));
        }
      });
      server.Get(base + "/stations", [this, v3](const Request& request, Response& response) {
        stations(request, response, v3);
      });
      server.Get(base + "/stations/([^/]+)",
                 [this, v3](const Request& request, Response& response) {
                   station(request, response, v3);
                 });
    }
    const std::string feeds = "/(gbfs|system_information|station_information|station_status).json";
    server.Get("/gbfs/([^/]+)/gbfs.json", [this](const Request& request, Response& response) {
      gbfs(request, response, request.matches[1].str(), Gbfs::v2_3, "gbfs");
    });
    server.Get(
        "/gbfs/([^/]+)/(2.3|3.0)" + feeds, [this](const Request& request, Response& response) {
          const Gbfs version = request.matches[2].str() == "3.0" ? Gbfs::v3_0 : Gbfs::v2_3;
          gbfs(request, response, request.matches[1].str(), version, request.matches[3].str());
        });
  }

  LiveCity& city;
  Options options;
  std::function<std::int64_t()> elapsed_ms;
  Mishaps mishaps;
  httplib::Server server;
};

ApiServer::ApiServer(LiveCity& city, Options options, std::function<std::int64_t()> elapsed_ms)
    : impl_(std::make_unique<Impl>(city, std::move(options), std::move(elapsed_ms))) {
  impl_->add_routes();
}

ApiServer::~ApiServer() = default;

int ApiServer::bind(const std::string& host, int port) {
  if (port == 0) return std::max(impl_->server.bind_to_any_port(host), 0);
  return impl_->server.bind_to_port(host, port) ? port : 0;
}

void ApiServer::serve() { impl_->server.listen_after_bind(); }
void ApiServer::stop() { impl_->server.stop(); }

}  // namespace rafale::bikes
