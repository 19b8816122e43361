// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Rows: what check() accepts can be read, and is the only encoding of what is read.

#include <array>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rafale/row.h"
#include "rafale/value.h"
#include "tests/fuzz/target.h"

namespace rafale::fuzz {
namespace {

constexpr std::size_t kMostEncoded = 24;  // fields: enough for two words of tags

template <std::size_t... I>
std::string encode(const std::vector<Value>& values, std::index_sequence<I...>) {
  std::string bytes(row::encoded_size(values[I]...), '\0');
  row::encode(bytes.data(), bytes.size(), values[I]...);
  return bytes;
}

/// The row of as many values as there are.
template <std::size_t... N>
std::string encode_any(const std::vector<Value>& values, std::index_sequence<N...>) {
  using Encode = std::string (*)(const std::vector<Value>&);
  static constexpr std::array<Encode, sizeof...(N)> kEncode{[](const std::vector<Value>& some) {
    return encode(some, std::make_index_sequence<N>());
  }...};
  return kEncode[values.size()](values);
}

void read_row(std::string_view bytes) {
  if (row::check(bytes) != nullptr) return;
  std::vector<Value> values;
  for (std::size_t at = 0; at < row::field_count(bytes.data()); ++at) {
    values.push_back(row::read_value(bytes.data(), at));
  }
  if (values.size() > kMostEncoded) return;
  RAFALE_FUZZ_CHECK(encode_any(values, std::make_index_sequence<kMostEncoded + 1>()) == bytes);
}

template <class T>
void read_nested(std::string_view bytes, FieldType type) {
  try {
    const Value value = row::read_nested(bytes, type);
    const T* nested = value.as<T>();
    RAFALE_FUZZ_CHECK(nested != nullptr);
    std::string again(row::nested_size(*nested), '\0');
    RAFALE_FUZZ_CHECK(row::write_nested(again.data(), *nested) == again.size());
    RAFALE_FUZZ_CHECK(again == bytes);
  } catch (const std::out_of_range&) {  // bytes that are none
  } catch (const std::length_error&) {  // nested too deep
  }
}

}  // namespace
}  // namespace rafale::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes = rafale::fuzz::view_of(data, size);
  rafale::fuzz::read_row(bytes);
  rafale::fuzz::read_nested<rafale::List>(bytes, rafale::FieldType::list);
  rafale::fuzz::read_nested<rafale::Map>(bytes, rafale::FieldType::map);
  return 0;
}
