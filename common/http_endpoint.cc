// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// cpp-httplib serves, prometheus-cpp writes the text.

#include "common/http_endpoint.h"

#include <httplib.h>

#include <thread>
#include <utility>

#include <prometheus/text_serializer.h>

#include "absl/strings/str_cat.h"

namespace rafale::common {
namespace {

constexpr std::size_t kThreads = 1;

std::string metrics_text(const std::vector<Metric>& metrics) {
  std::vector<prometheus::MetricFamily> families;
  families.reserve(metrics.size());
  for (const Metric& metric : metrics) {
    prometheus::MetricFamily& family = families.emplace_back();
    family.name = metric.name;
    family.help = metric.help;
    family.type = metric.counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    for (const Metric::Sample& sample : metric.samples) {
      prometheus::ClientMetric& added = family.metric.emplace_back();
      for (const auto& [name, value] : sample.labels) added.label.push_back({name, value});
      (metric.counter ? added.counter.value : added.gauge.value) = sample.value;
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

class ServedEndpoint final : public HttpEndpoint {
 public:
  explicit ServedEndpoint(Sources sources) : sources_(std::move(sources)) {
    server_.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    server_.Get("/metrics", [this](const httplib::Request&, httplib::Response& response) {
      response.set_content(metrics_text(sources_.metrics()), "text/plain; version=0.0.4");
    });
    server_.Get("/healthz", [this](const httplib::Request&, httplib::Response& response) {
      const std::string illness = sources_.illness();
      response.status = illness.empty() ? 200 : 503;
      response.set_content(illness.empty() ? "ok\n" : illness + "\n", "text/plain");
    });
  }
  ~ServedEndpoint() override {
    server_.stop();
    if (thread_.joinable()) thread_.join();
  }

  bool bind(const std::string& host, std::uint16_t port) {
    if (port == 0) {
      const int bound = server_.bind_to_any_port(host);
      port_ = static_cast<std::uint16_t>(std::max(bound, 0));
      return bound > 0;
    }
    port_ = port;
    return server_.bind_to_port(host, port);
  }
  void serve() {
    thread_ = std::thread([this] { server_.listen_after_bind(); });
    while (!server_.is_running()) std::this_thread::yield();
  }
  std::uint16_t port() const override { return port_; }

 private:
  const Sources sources_;
  httplib::Server server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::start(const std::string& host,
                                                                  std::uint16_t port,
                                                                  Sources sources) {
  auto endpoint = std::make_unique<ServedEndpoint>(std::move(sources));
  if (!endpoint->bind(host, port)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot serve HTTP on ", host, ":", port, "; is the port taken?"));
  }
  endpoint->serve();
  return endpoint;
}

}  // namespace rafale::common
