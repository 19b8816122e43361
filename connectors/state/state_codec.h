// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// How keys and values of keyed state become bytes.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace rafale::connectors {

/// The bytes of a T on the disk. Integers, bool, double and std::string have one; for another type
/// specialize it:
///
///   template <>
///   struct rafale::connectors::StateCodec<Station> {
///     static std::string name() { return "station-1"; }
///     static void encode(const Station& from, std::string& to);    // appends
///     static Station decode(std::string_view from);                // throws if that is none
///   };
///
/// `name` says which bytes these are: change it with them, and state that was written under the
/// other name is refused instead of misread. Two keys are the same if their bytes are; for_each()
/// goes in the order of the bytes, which for the integers is that of the numbers. Pure functions.
template <class T>
struct StateCodec;

template <std::integral T>
struct StateCodec<T> {
  static std::string name() {
    return (std::is_signed_v<T> ? "i" : "u") + std::to_string(8 * sizeof(T));
  }
  static void encode(T from, std::string& to) {
    auto bits = static_cast<std::uint64_t>(from);
    if constexpr (std::is_signed_v<T>) bits ^= kSign;
    for (std::size_t i = sizeof(T); i-- > 0;) to += static_cast<char>(bits >> (8 * i));
  }
  static T decode(std::string_view from) {
    if (from.size() != sizeof(T)) throw std::runtime_error("state holds no " + name());
    std::uint64_t bits = 0;
    for (const char c : from) bits = bits << 8 | static_cast<unsigned char>(c);
    if constexpr (std::is_signed_v<T>) bits ^= kSign;
    return static_cast<T>(bits);
  }

 private:
  static constexpr std::uint64_t kSign = std::uint64_t{1} << (8 * sizeof(T) - 1);
};

template <>
struct StateCodec<double> {
  static std::string name() { return "f64"; }
  static void encode(double from, std::string& to) {
    StateCodec<std::uint64_t>::encode(std::bit_cast<std::uint64_t>(from), to);
  }
  static double decode(std::string_view from) {
    return std::bit_cast<double>(StateCodec<std::uint64_t>::decode(from));
  }
};

template <>
struct StateCodec<std::string> {
  static std::string name() { return "text"; }
  static void encode(std::string_view from, std::string& to) { to += from; }
  static std::string decode(std::string_view from) { return std::string(from); }
};

}  // namespace rafale::connectors
