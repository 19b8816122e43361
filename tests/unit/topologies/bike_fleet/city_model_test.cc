// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of the made-up city: nothing is lost in it, and its days look like days.
#include "topologies/bike_fleet/city_model.h"

#include <cstddef>

#include <gtest/gtest.h>

namespace rafale::bikes {
namespace {

using District = CityModel::District;

std::size_t bikes_in(const CityModel& city) {
  std::size_t bikes = city.on_trip();
  for (const auto& s : city.stations()) bikes += static_cast<std::size_t>(s.bikes);
  return bikes;
}

/// How full the docks of a district are, 0 to 1.
double fill(const CityModel& city, District district) {
  double bikes = 0, docks = 0;
  for (const auto& s : city.stations()) {
    if (s.district == district) {
      bikes += s.bikes;
      docks += s.docks;
    }
  }
  return bikes / docks;
}

TEST(CityModel, KeepsEveryBikeAndEveryDockInBounds) {
  for (const std::size_t stations : {1, 2, 7, 240}) {
    CityModel city(stations, 360, 42);
    const std::size_t bikes = bikes_in(city);
    for (int minute = 0; minute < 3 * 24 * 60; ++minute) {
      city.step();
      ASSERT_EQ(bikes_in(city), bikes) << stations << " stations, minute " << city.minute();
      for (const auto& s : city.stations()) {
        ASSERT_GE(s.bikes, 0);
        ASSERT_LE(s.bikes, s.docks);
        ASSERT_LE(s.changed, city.minute());
      }
    }
  }
}

TEST(CityModel, GivesTheSameDaysForTheSameSeed) {
  CityModel one(100, 360, 7), same(100, 360, 7), other(100, 360, 8);
  bool differs = false;
  for (int minute = 0; minute < 600; ++minute) {
    one.step();
    same.step();
    other.step();
    for (std::size_t i = 0; i < one.stations().size(); ++i) {
      ASSERT_EQ(one.stations()[i].bikes, same.stations()[i].bikes);
      differs = differs || one.stations()[i].bikes != other.stations()[i].bikes;
    }
  }
  EXPECT_TRUE(differs);
}

TEST(CityModel, MovesBikesToWorkInTheMorningAndHomeInTheEvening) {
  CityModel city(240, 6 * 60, 1);
  const auto run_until = [&](std::int64_t hour) {
    while (city.minute() < hour * 60) city.step();
  };
  for (int day = 0; day < 3; ++day) {
    run_until(day * 24 + 6);
    const double homes_at_dawn = fill(city, District::homes);
    const double offices_at_dawn = fill(city, District::offices);
    run_until(day * 24 + 10);
    EXPECT_LT(fill(city, District::homes), homes_at_dawn * 0.8) << "day " << day;
    EXPECT_GT(fill(city, District::offices), offices_at_dawn * 1.5) << "day " << day;
    const double offices_at_ten = fill(city, District::offices);
    run_until(day * 24 + 21);
    EXPECT_LT(fill(city, District::offices), offices_at_ten * 0.7) << "day " << day;
  }
}

TEST(CityModel, MakesStationsEmptyAndFillsThemAgain) {
  CityModel city(240, 6 * 60, 1);
  int emptied = 0, refilled = 0;
  std::vector<bool> empty(240, false);
  for (int minute = 0; minute < 24 * 60; ++minute) {
    city.step();
    for (std::size_t i = 0; i < empty.size(); ++i) {
      const bool now = city.stations()[i].bikes == 0;
      emptied += now && !empty[i] ? 1 : 0;
      refilled += !now && empty[i] ? 1 : 0;
      empty[i] = now;
    }
  }
  EXPECT_GT(emptied, 300);
  EXPECT_GT(refilled, 300);
}

}  // namespace
}  // namespace rafale::bikes
