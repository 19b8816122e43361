// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The row: one tuple's fields in one run of bytes, the same in memory and on the wire.
//
// Little endian, packed, any alignment:
//   0..3  u32 length of the whole row       4  u8 number of fields n (at most 254)
//   5     u8 flags (0)                      6..7  type tags of fields 0..3, 4 bits each
//   8..   if n > 4: ceil((n-4)/16) words of 8 bytes with the tags of the further fields
//   then  n slots of 8 bytes: int64, double, bool, or {u32 offset from row start, u32 length}
//   then  the variable bytes, without padding or terminator
// A list or map field holds a nested row: u32 length, u32 count, then for each of count elements u8
// tag and its 8-byte slot, then variable bytes with offsets from the nested row's start. A map
// alternates string key and value, so its count is even; its keys ascend as bytes. A list in a row
// is nested 1 deep, a list in it 2; kMaxNesting is the most. A null's slot is zero, so it reads as
// 0 or "". There is one encoding of given values, and check() accepts no other: variable bytes
// stand in the order of their slots, tags of fields that do not exist are 0, a bool is 0 or 1.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "rafale/export.h"
#include "rafale/schema.h"
#include "rafale/types.h"
#include "rafale/value.h"

namespace rafale::row {

static_assert(std::endian::native == std::endian::little, "rows are little endian");

inline constexpr std::size_t kMaxNesting = 32;

template <class T>
inline T load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class T>
inline void store(char* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

/// memcpy that keeps short copies inline: two overlapping moves up to 32 bytes.
[[gnu::always_inline]] inline void copy_short(char* to, const char* from, std::size_t n) {
  if (n > 32) {
    std::memcpy(to, from, n);
  } else if (n >= 16) {
    using Block = std::uint64_t[2];
    Block head, tail;
    std::memcpy(&head, from, 16);
    std::memcpy(&tail, from + n - 16, 16);
    std::memcpy(to, &head, 16);
    std::memcpy(to + n - 16, &tail, 16);
  } else if (n >= 8) {
    const auto head = load<std::uint64_t>(from);
    const auto tail = load<std::uint64_t>(from + n - 8);
    store(to, head);
    store(to + n - 8, tail);
  } else if (n >= 4) {
    const auto head = load<std::uint32_t>(from);
    const auto tail = load<std::uint32_t>(from + n - 4);
    store(to, head);
    store(to + n - 4, tail);
  } else if (n > 0) {
    const char first = from[0], middle = from[n / 2], last = from[n - 1];
    to[0] = first;
    to[n / 2] = middle;
    to[n - 1] = last;
  }
}

/// Length of the row that starts at `row`.
inline std::uint32_t length(const char* row) { return load<std::uint32_t>(row); }
/// Number of fields of the row.
inline std::size_t field_count(const char* row) { return static_cast<std::uint8_t>(row[4]); }
/// Type tag of a field; `position` is below field_count().
inline FieldType tag(const char* row, std::size_t position) {
  if (position < 4) {
    return FieldType((load<std::uint16_t>(row + 6) >> (4 * position)) & 15);
  }
  const std::size_t further = position - 4;
  return FieldType((load<std::uint64_t>(row + 8 + 8 * (further / 16)) >> (4 * (further % 16))) &
                   15);
}
/// The field's slot of 8 bytes.
inline const char* slot(const char* row, std::size_t position) {
  return row + detail::slots_offset(field_count(row)) + 8 * position;
}
/// The bytes that a {offset, length} slot points to.
inline std::string_view variable(const char* row, const char* at) {
  const auto word = load<std::uint64_t>(at);
  return {row + static_cast<std::uint32_t>(word), static_cast<std::size_t>(word >> 32)};
}

// --- encoding of arguments whose types the compiler knows ----------------------------------------

/// Bytes that a list or map takes as a nested row. Throws std::length_error beyond kMaxNesting or
/// 4 GiB.
RAFALE_API std::size_t nested_size(const List& value);
RAFALE_API std::size_t nested_size(const Map& value);
/// Writes the nested row of a list or map; returns its length, which is nested_size(value).
RAFALE_API std::size_t write_nested(char* at, const List& value);
RAFALE_API std::size_t write_nested(char* at, const Map& value);
/// Reads the nested row of a list or map. Throws std::out_of_range on bytes that are none, with the
/// text that check() has for them, and std::length_error if they are nested too deep.
RAFALE_API Value read_nested(std::string_view bytes, FieldType type);
/// The value of a field of a row that is known to be one; `position` is below field_count().
RAFALE_API Value read_value(const char* row, std::size_t position);
/// Checks untrusted bytes: lengths, tags, offsets and nesting, not whether strings are UTF-8. Null
/// if they are one whole row, else what is wrong. Takes time in proportion to the bytes.
RAFALE_API const char* check(std::string_view bytes);

template <class V>
struct Codec;  // what one C++ type becomes in a row

template <class V>
concept Integer = std::is_integral_v<V> && !std::is_same_v<V, bool>;

template <Integer V>
struct Codec<V> {
  static constexpr FieldType tag(const V&) { return FieldType::int64; }
  static constexpr std::size_t variable(const V&) { return 0; }
  static std::size_t write(char*, char* slot, std::size_t, const V& v) {
    store(slot, static_cast<std::int64_t>(v));
    return 0;
  }
};

template <>
struct Codec<bool> {
  static constexpr FieldType tag(bool) { return FieldType::boolean; }
  static constexpr std::size_t variable(bool) { return 0; }
  static std::size_t write(char*, char* slot, std::size_t, bool v) {
    store(slot, std::uint64_t{v});
    return 0;
  }
};

template <class V>
requires std::is_floating_point_v<V>
struct Codec<V> {
  static constexpr FieldType tag(V) { return FieldType::float64; }
  static constexpr std::size_t variable(V) { return 0; }
  static std::size_t write(char*, char* slot, std::size_t, V v) {
    store(slot, static_cast<double>(v));
    return 0;
  }
};

[[gnu::always_inline]] inline std::size_t write_text(char* row, char* slot, std::size_t at,
                                                     std::string_view v) {
  store(slot, std::uint64_t{at} | std::uint64_t{v.size()} << 32);
  copy_short(row + at, v.data(), v.size());
  return v.size();
}

template <class V>
requires(std::is_convertible_v<const V&, std::string_view> &&
         !std::is_null_pointer_v<V>) struct Codec<V> {
  static constexpr FieldType tag(const V&) { return FieldType::string; }
  static std::size_t variable(const V& v) { return std::string_view(v).size(); }
  [[gnu::always_inline]] static std::size_t write(char* row, char* slot, std::size_t at,
                                                  const V& v) {
    return write_text(row, slot, at, v);
  }
};

template <>
struct Codec<Bytes> {
  static constexpr FieldType tag(const Bytes&) { return FieldType::bytes; }
  static std::size_t variable(const Bytes& v) { return v.data.size(); }
  static std::size_t write(char* row, char* slot, std::size_t at, const Bytes& v) {
    return write_text(row, slot, at, {reinterpret_cast<const char*>(v.data.data()), v.data.size()});
  }
};

template <class V>
requires(std::is_same_v<V, std::nullptr_t> || std::is_same_v<V, std::nullopt_t>) struct Codec<V> {
  static constexpr FieldType tag(const V&) { return FieldType::null; }
  static constexpr std::size_t variable(const V&) { return 0; }
  static std::size_t write(char*, char* slot, std::size_t, const V&) {
    store(slot, std::uint64_t{0});
    return 0;
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static FieldType tag(const std::optional<T>& v) {
    return v ? Codec<T>::tag(*v) : FieldType::null;
  }
  static std::size_t variable(const std::optional<T>& v) { return v ? Codec<T>::variable(*v) : 0; }
  static std::size_t write(char* row, char* slot, std::size_t at, const std::optional<T>& v) {
    return v ? Codec<T>::write(row, slot, at, *v) : Codec<std::nullptr_t>::write(row, slot, at, {});
  }
};

/// A Value of any type; lists and maps become nested rows.
template <>
struct RAFALE_API Codec<Value> {
  static FieldType tag(const Value& v);
  static std::size_t variable(const Value& v);
  static std::size_t write(char* row, char* slot, std::size_t at, const Value& v);
};

template <class V>
requires(std::is_same_v<V, List> || std::is_same_v<V, Map>) struct Codec<V> {
  static constexpr FieldType tag(const V&) {
    return std::is_same_v<V, List> ? FieldType::list : FieldType::map;
  }
  static std::size_t variable(const V& v) { return nested_size(v); }
  static std::size_t write(char* row, char* slot, std::size_t at, const V& v) {
    const std::size_t bytes = write_nested(row + at, v);
    store(slot, std::uint64_t{at} | std::uint64_t{bytes} << 32);
    return bytes;
  }
};

/// Bytes of the row that encode() will write.
template <class... V>
inline std::size_t encoded_size(const V&... values) {
  static_assert(sizeof...(V) <= Schema::kMaxFields, "a row has at most 254 fields");
  return detail::slots_offset(sizeof...(V)) + 8 * sizeof...(V) +
         (std::size_t{0} + ... + Codec<std::remove_cvref_t<V>>::variable(values));
}

/// The type tag of the value at `position` where the word of tags from position `first` on, which
/// holds `count` of them, has it; 0 if another word has it.
template <class V>
[[gnu::always_inline]] inline std::uint64_t tag_in_word(std::size_t position, std::size_t first,
                                                        std::size_t count, const V& value) {
  return position >= first && position < first + count
             ? static_cast<std::uint64_t>(Codec<V>::tag(value)) << (4 * (position - first))
             : 0;
}

/// encode() with the positions as constants: slots and tags then are constants too.
template <std::size_t... I, class... V>
[[gnu::always_inline]] inline std::uint16_t encode_at(char* row, std::size_t total,
                                                      std::index_sequence<I...>,
                                                      const V&... values) {
  constexpr std::size_t n = sizeof...(V);
  constexpr std::size_t first_slot = detail::slots_offset(n);
  [[maybe_unused]] std::size_t at = first_slot + 8 * n;
  ((at += Codec<V>::write(row, row + first_slot + 8 * I, at, values)), ...);
  const std::uint64_t tags = (std::uint64_t{0} | ... | tag_in_word(I, 0, 4, values));
  store(row,
        std::uint64_t{static_cast<std::uint32_t>(total)} | std::uint64_t{n} << 32 | tags << 48);
  for (std::size_t first = 4; first < n; first += 16) {
    store(row + 8 + (first - 4) / 2, (std::uint64_t{0} | ... | tag_in_word(I, first, 16, values)));
  }
  return static_cast<std::uint16_t>(tags);
}

/// Writes one row of `total` = encoded_size(values...) bytes at `row` and returns the tags of its
/// first four fields.
template <class... V>
[[gnu::always_inline]] inline std::uint16_t encode(char* row, std::size_t total,
                                                   const V&... values) {
  return encode_at(row, total, std::index_sequence_for<V...>(), values...);
}

}  // namespace rafale::row
