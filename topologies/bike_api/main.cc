// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// rafale-bike-api: a stand-in for the live APIs of bike stations.
#include <pthread.h>
#include <signal.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include "topologies/bike_api/api_server.h"
#include "topologies/bike_api/live_city.h"
#include "topologies/bike_fleet/file_source.h"
#include "topologies/bike_fleet/simulator.h"

namespace {

using namespace rafale::bikes;

constexpr const char* kExamples = R"(
examples:
  rafale-bike-api --port 8090
  rafale-bike-api --replay lyon.jsonl.zst --speed 600 --fail 429:0.1,truncated:0.05
  curl 'http://127.0.0.1:8090/vls/v1/stations?contract=lyon&apiKey=any'
  curl http://127.0.0.1:8090/gbfs/lyon/gbfs.json
  JCDECAUX_API_KEY=any rafale local bike_fleet.so -c bikes.source=http \
    -c bikes.http.url=http://127.0.0.1:8090 -c bikes.http.interval.secs=1
)";

/// Time since the start, counted by the kernel in steps of 10 ms. Safe to use from any thread.
class Elapsed {
 public:
  Elapsed() : fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    itimerspec step{};
    step.it_value.tv_nsec = step.it_interval.tv_nsec = kStepMs * 1'000'000;
    timerfd_settime(fd_, 0, &step, nullptr);
  }
  ~Elapsed() { close(fd_); }
  Elapsed(const Elapsed&) = delete;
  Elapsed& operator=(const Elapsed&) = delete;

  std::int64_t ms() {
    const std::lock_guard lock(mutex_);
    std::uint64_t steps = 0;
    if (read(fd_, &steps, sizeof steps) == sizeof steps) {
      ms_ += static_cast<std::int64_t>(steps) * kStepMs;
    }
    return ms_;
  }

 private:
  static constexpr std::int64_t kStepMs = 10;
  int fd_;
  std::mutex mutex_;
  std::int64_t ms_ = 0;
};

struct Call {
  std::string host = "127.0.0.1";
  int port = 0;
  double speed = 60;
  std::string replay;
  Simulator::Options simulator;
  ApiServer::Options server;
};

void declare(CLI::App& app, Call& call) {
  app.footer(kExamples);
  app.add_option("--host", call.host, "address to listen on")->capture_default_str();
  app.add_option("--port", call.port, "0: a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  app.add_option("--key", call.server.key, "the only API key that will do; else any");
  app.add_option("--speed", call.speed, "how many times faster than it happened")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  app.add_option("--replay", call.replay, "a recorded file (JSON lines, JCDecaux v1), not cities")
      ->check(CLI::ExistingFile);
  app.add_option("--cities", call.simulator.cities, "simulated contracts, the largest first")
      ->delimiter(',')
      ->capture_default_str();
  app.add_option("--stations", call.simulator.stations, "of the first city")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--seed", call.simulator.seed, "the same seed is the same day")
      ->capture_default_str();
  app.add_option("--fail", call.server.fail,
                 "errors by chance: 429, 500, slow, truncated, as 429:0.1,slow:0.05");
}

std::unique_ptr<RecordSource> make_source(const Call& call) {
  if (call.replay.empty()) return std::make_unique<Simulator>(call.simulator);
  FileSource::Options options;
  options.moments = true;
  options.format = Format::jcdecaux_v1;
  return std::make_unique<FileSource>(std::vector<std::string>{call.replay}, options);
}

int serve(const Call& call) {
  // Threads inherit that these are blocked; one waits for them.
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);

  LiveCity city(make_source(call), call.speed);
  Elapsed elapsed;
  ApiServer server(city, call.server, [&elapsed] { return elapsed.ms(); });
  const int port = server.bind(call.host, call.port);
  if (port == 0) {
    std::cerr << "rafale-bike-api: cannot listen on " << call.host << ':' << call.port << '\n';
    return 1;
  }
  std::cout << "http://" << call.host << ':' << port << std::endl;
  std::thread waits([&] {
    int number = 0;
    sigwait(&ending, &number);
    server.stop();
  });
  server.serve();
  pthread_kill(waits.native_handle(), SIGTERM);
  waits.join();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Call call;
  CLI::App app(
      "Serves bike stations as JCDecaux (v1, v3) and GBFS (2.3, 3.0) systems do, from simulated "
      "cities or a recording. Prints its URL when it is ready.",
      "rafale-bike-api");
  declare(app, call);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return serve(call);
  } catch (const std::invalid_argument& error) {
    std::cerr << "rafale-bike-api: --fail: " << error.what() << '\n';
    return 2;
  } catch (const std::exception& error) {
    std::cerr << "rafale-bike-api: " << error.what() << '\n';
    return 1;
  }
}
