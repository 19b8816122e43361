// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Rows of values whose number and types are known only at run time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/random.h"
#include "rafale/row.h"

namespace rafale::support {

template <std::size_t... I>
std::string encode_each(const std::vector<Value>& values, std::index_sequence<I...>) {
  std::string row(row::encoded_size(values[I]...), '\0');
  row::encode(row.data(), row.size(), values[I]...);
  return row;
}

/// The row of exactly N values.
template <std::size_t N>
std::string encode(const std::vector<Value>& values) {
  return encode_each(values, std::make_index_sequence<N>());
}

/// The row of 0..9, 20, 21 or 254 values.
inline std::string encode(const std::vector<Value>& values) {
  switch (values.size()) {
    case 0:
      return encode<0>(values);
    case 1:
      return encode<1>(values);
    case 2:
      return encode<2>(values);
    case 3:
      return encode<3>(values);
    case 4:
      return encode<4>(values);
    case 5:
      return encode<5>(values);
    case 6:
      return encode<6>(values);
    case 7:
      return encode<7>(values);
    case 8:
      return encode<8>(values);
    case 9:
      return encode<9>(values);
    case 20:
      return encode<20>(values);
    case 21:
      return encode<21>(values);
    case 254:
      return encode<254>(values);
    default:
      std::abort();
  }
}

inline std::vector<Value> decode(const std::string& row) {
  std::vector<Value> values;
  for (std::size_t i = 0; i < row::field_count(row.data()); ++i) {
    values.push_back(row::read_value(row.data(), i));
  }
  return values;
}

/// A list in a list in a list ...; the outermost counts as 1.
inline Value nested_list(std::size_t depth) {
  Value value = 7;
  for (std::size_t i = 0; i < depth; ++i) value = List{std::move(value)};
  return value;
}

inline std::string random_text(common::Random& random, std::size_t at_most) {
  std::string text(random.below(at_most + 1), '\0');
  for (char& c : text) c = static_cast<char>(random.next());
  return text;
}

/// Any value, of any type, with lists and maps up to `depth` deep.
inline Value random_value(common::Random& random, int depth) {
  switch (random.below(depth > 0 ? 8 : 6)) {
    case 0:
      return {};
    case 1:
      return random.chance(0.5);
    case 2:
      return static_cast<std::int64_t>(random.next() >> random.below(64));
    case 3:
      return random.unit() * 1e6;
    case 4:
      return random_text(random, 40);
    case 5: {
      const std::string text = random_text(random, 40);
      ByteString bytes(text.size());
      std::ranges::transform(text, bytes.begin(), [](char c) { return std::byte(c); });
      return bytes;
    }
    case 6: {
      List list;
      for (auto n = random.below(4); n > 0; --n) list.push_back(random_value(random, depth - 1));
      return list;
    }
    default: {
      Map map;
      for (auto n = random.below(4); n > 0; --n) {
        map.insert_or_assign(random_text(random, 8), random_value(random, depth - 1));
      }
      return map;
    }
  }
}

}  // namespace rafale::support
