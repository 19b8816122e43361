// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Names and types of a stream's fields, and the handles that make field access O(1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "rafale/export.h"
#include "rafale/types.h"
#include "rafale/value.h"

namespace rafale {

/// The number of a type is its tag in the row encoding (see row.h). A field of any type may be
/// null.
enum class FieldType : std::uint8_t {
  null = 0,
  string = 1,
  int64 = 2,
  float64 = 3,
  boolean = 4,
  bytes = 5,
  list = 6,
  map = 7,
};

/// "string", "int64", "double", "bool", "bytes", "list", "map" or "null".
RAFALE_API std::string_view to_string(FieldType type);

/// One declared field.
struct FieldDef {
  std::string name;
  FieldType type = FieldType::string;
  friend bool operator==(const FieldDef&, const FieldDef&) = default;
};

namespace detail {
/// Byte offset of the first slot in a row of `n` fields.
constexpr std::size_t slots_offset(std::size_t n) {
  return 8 + 8 * (n <= 4 ? 0 : (n - 4 + 15) / 16);
}
/// The field type that a C++ type is read as; std::nullopt for a type that no field has.
template <class T>
constexpr std::optional<FieldType> read_type() {
  if constexpr (std::is_same_v<T, std::string_view> || std::is_same_v<T, std::string>) {
    return FieldType::string;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    return FieldType::int64;
  } else if constexpr (std::is_same_v<T, double>) {
    return FieldType::float64;
  } else if constexpr (std::is_same_v<T, bool>) {
    return FieldType::boolean;
  } else if constexpr (std::is_same_v<T, Bytes>) {
    return FieldType::bytes;
  } else if constexpr (std::is_same_v<T, List>) {
    return FieldType::list;
  } else if constexpr (std::is_same_v<T, Map>) {
    return FieldType::map;
  } else {
    return std::nullopt;
  }
}
}  // namespace detail

/// A field of a known schema, resolved once (in prepare or open) and used for every tuple.
/// T is std::string_view, std::string, std::int64_t, double, bool, Bytes, List or Map.
template <class T>
class Field {
 public:
  Field() = default;
  explicit Field(std::uint32_t position, std::uint32_t slot) : position_(position), slot_(slot) {}
  /// Index among the schema's fields, from 0.
  std::uint32_t position() const { return position_; }
  /// Byte offset of the field's slot in a row.
  std::uint32_t slot() const { return slot_; }

 private:
  std::uint32_t position_ = 0;
  std::uint32_t slot_ = 8;
};

/// The fields of one stream, in order. Immutable after construction; safe to read from any thread.
///
///   Schema words{{"word", FieldType::string}, {"count", FieldType::int64}};
///   auto word = words.field<std::string_view>("word");
class RAFALE_API Schema {
 public:
  /// Most fields that a row can have.
  static constexpr std::size_t kMaxFields = 254;

  Schema() = default;
  Schema(std::initializer_list<FieldDef> fields) : Schema(std::vector<FieldDef>(fields)) {}
  explicit Schema(std::vector<FieldDef> fields);

  std::size_t size() const { return fields_.size(); }
  const FieldDef& operator[](std::size_t position) const { return fields_[position]; }
  const std::vector<FieldDef>& fields() const { return fields_; }

  /// Position of the field of that name; nothing if there is none.
  std::optional<std::size_t> find(std::string_view name) const;

  /// A handle for the named field. Throws std::invalid_argument, naming the field, the nearest name
  /// and the types, if the field is missing or of another type than T.
  template <class T>
  Field<T> field(std::string_view name) const {
    static_assert(detail::read_type<T>().has_value(), "no field type is read as this C++ type");
    const std::size_t at = require(name, *detail::read_type<T>());
    return Field<T>(static_cast<std::uint32_t>(at),
                    static_cast<std::uint32_t>(detail::slots_offset(size()) + 8 * at));
  }

  /// For the runtime: the tags of a row that has no nulls, those of the first four fields in the
  /// low 16 bits of the first word, then the further words as in the row.
  std::span<const std::uint64_t> tags() const { return tags_; }

  /// "(word string, count int64)".
  std::string to_string() const;

  friend bool operator==(const Schema&, const Schema&) = default;

 private:
  std::size_t require(std::string_view name, FieldType type) const;
  std::vector<FieldDef> fields_;
  std::vector<std::uint64_t> tags_ = {0};
};

}  // namespace rafale
