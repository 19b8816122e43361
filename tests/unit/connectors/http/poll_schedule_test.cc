// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// When a server is asked again.
#include "connectors/http/poll_schedule.h"

#include <gtest/gtest.h>

#include "connectors/http/http_client.h"

namespace rafale::connectors {
namespace {

constexpr PollSchedule::Options kOptions{
    .interval_ms = 60'000, .first_pause_ms = 1000, .longest_pause_ms = 300'000};

TEST(PollSchedule, KeepsItsIntervalWhileTheServerAnswers) {
  PollSchedule schedule(kOptions);
  for (const int status : {200, 304, 204}) {
    EXPECT_EQ(schedule.pause_ms({.status = status}, 0.5), 60'000) << status;
  }
  EXPECT_EQ(schedule.failures(), 0);
}

TEST(PollSchedule, DoublesThePauseFromTroubleToTroubleAndForgetsItAfterwards) {
  PollSchedule schedule(kOptions);
  std::int64_t last = 0;
  for (const int status : {0, 500, 503, 429, 0, 502, 500, 500, 500, 500, 500, 500}) {
    const std::int64_t pause = schedule.pause_ms({.status = status}, 0);
    EXPECT_GE(pause, last);
    EXPECT_LE(pause, 300'000);
    last = pause;
  }
  EXPECT_EQ(last, 150'000);
  EXPECT_EQ(schedule.pause_ms({.status = 200}, 0), 60'000);
  EXPECT_EQ(schedule.pause_ms({.status = 500}, 0), 500);
}

TEST(PollSchedule, SpreadsManyClientsByChance) {
  PollSchedule one(kOptions);
  PollSchedule other(kOptions);
  EXPECT_EQ(one.pause_ms({.status = 500}, 0), 500);
  EXPECT_EQ(other.pause_ms({.status = 500}, 0.99), 995);
}

TEST(PollSchedule, HeedsRetryAfterWithinReason) {
  PollSchedule schedule(kOptions);
  EXPECT_EQ(schedule.pause_ms({.status = 429, .retry_after_ms = 7000}, 0), 7000);
  EXPECT_EQ(schedule.pause_ms({.status = 503, .retry_after_ms = 86'400'000}, 0), 3'600'000);
}

TEST(PollSchedule, DoesNotHurryAfterAWrongRequest) {
  PollSchedule schedule(kOptions);
  for (const int status : {400, 403, 404}) {
    EXPECT_EQ(schedule.pause_ms({.status = status}, 0), 300'000) << status;
  }
}

TEST(WithoutSecrets, HidesKeysAndPasswordsAndNothingElse) {
  EXPECT_EQ(without_secrets("https://h/stations?contract=lyon&apiKey=abc"),
            "https://h/stations?contract=lyon&apiKey=***");
  EXPECT_EQ(without_secrets("https://h/?APIKEY=abc&a=b"), "https://h/?APIKEY=***&a=b");
  EXPECT_EQ(without_secrets("https://user:word@h/p?access_token=1"),
            "https://***@h/p?access_token=***");
  EXPECT_EQ(without_secrets("http://h/p?contract=x@y"), "http://h/p?contract=x@y");
  EXPECT_EQ(without_secrets("nonsense"), "nonsense");
}

}  // namespace
}  // namespace rafale::connectors
