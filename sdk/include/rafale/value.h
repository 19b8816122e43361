// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A value of any field type, for code that learns the types only at run time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "rafale/export.h"

namespace rafale {

class Value;
/// An ordered sequence of values, not necessarily of one type. Mind that List{List{1}} is a copy of
/// the inner list; List{Value(List{1})} is a list in a list.
using List = std::vector<Value>;
/// Values by name, in name order.
using Map = std::map<std::string, Value, std::less<>>;
using ByteString = std::vector<std::byte>;

/// Owns one value: null, bool, int64, double, string, bytes, list or map. Copying copies deeply.
/// Not for the hot path: typed access through a Field handle costs no allocation.
class RAFALE_API Value {
 public:
  using Variant =
      std::variant<std::monostate, bool, std::int64_t, double, std::string, ByteString, List, Map>;

  Value() = default;
  Value(std::nullptr_t) {}
  Value(bool v) : data_(v) {}
  template <class I>
  requires(std::is_integral_v<I> && !std::is_same_v<I, bool>) Value(I v)
      : data_(static_cast<std::int64_t>(v)) {}
  Value(double v) : data_(v) {}
  Value(const char* v) : data_(std::string(v)) {}
  Value(std::string_view v) : data_(std::string(v)) {}
  Value(std::string v) : data_(std::move(v)) {}
  Value(ByteString v) : data_(std::move(v)) {}
  Value(List v) : data_(std::move(v)) {}
  Value(Map v) : data_(std::move(v)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  /// The value if it is a T, else null. T is one of Variant's alternatives.
  template <class T>
  const T* as() const {
    return std::get_if<T>(&data_);
  }
  const Variant& variant() const { return data_; }

  /// JSON text on one line; bytes become lower-case hex, non-finite doubles become null.
  std::string to_json() const;

  friend bool operator==(const Value&, const Value&) = default;

 private:
  Variant data_;
};

/// `text` as a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD.
RAFALE_API std::string json_quote(std::string_view text);

}  // namespace rafale
