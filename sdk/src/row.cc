// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Nested rows, values out of rows, and the check of untrusted rows.
#include "rafale/row.h"

#include <limits>
#include <stdexcept>
#include <string>

namespace rafale::row {
namespace {

constexpr std::size_t kNestedHeader = 8;
constexpr std::size_t kElement = 9;  // tag and slot
constexpr const char* kTooDeep = "a list or map is nested more than 32 deep";
constexpr std::uint64_t kMaxBytes = std::numeric_limits<std::uint32_t>::max();

bool is_variable(FieldType type) {
  return type == FieldType::string || type == FieldType::bytes || type == FieldType::list ||
         type == FieldType::map;
}

FieldType type_of(const Value& v) {
  static constexpr FieldType kTypes[] = {FieldType::null,    FieldType::boolean, FieldType::int64,
                                         FieldType::float64, FieldType::string,  FieldType::bytes,
                                         FieldType::list,    FieldType::map};
  static_assert(std::variant_size_v<Value::Variant> == std::size(kTypes));
  return kTypes[v.variant().index()];
}

std::string_view as_text(const ByteString& v) {
  return {reinterpret_cast<const char*>(v.data()), v.size()};
}

// ---- size
// ----------------------------------------------------------------------------------------

std::size_t list_size(const List& list, std::size_t depth);
std::size_t map_size(const Map& map, std::size_t depth);

// Variable bytes of a value that stands `depth` lists or maps deep.
std::size_t variable_size(const Value& v, std::size_t depth) {
  if (const auto* text = v.as<std::string>()) return text->size();
  if (const auto* bytes = v.as<ByteString>()) return bytes->size();
  if (const auto* list = v.as<List>()) return list_size(*list, depth + 1);
  if (const auto* map = v.as<Map>()) return map_size(*map, depth + 1);
  return 0;
}

void check_depth(std::size_t depth) {
  if (depth > kMaxNesting) throw std::length_error(kTooDeep);
}

std::size_t list_size(const List& list, std::size_t depth) {
  check_depth(depth);
  std::size_t size = kNestedHeader + kElement * list.size();
  for (const Value& v : list) size += variable_size(v, depth);
  return size;
}

std::size_t map_size(const Map& map, std::size_t depth) {
  check_depth(depth);
  std::size_t size = kNestedHeader + 2 * kElement * map.size();
  for (const auto& [key, v] : map) size += key.size() + variable_size(v, depth);
  return size;
}

std::size_t checked_size(std::size_t size) {
  if (size > kMaxBytes) throw std::length_error("a list or map takes more than 4 GiB");
  return size;
}

// ---- writing
// -------------------------------------------------------------------------------------

// Writes one nested row element by element.
class NestedWriter {
 public:
  NestedWriter(char* row, std::size_t count)
      : row_(row), count_(count), slot_(kNestedHeader), at_(kNestedHeader + kElement * count) {}

  void put(std::string_view text) {
    row_[slot_] = static_cast<char>(FieldType::string);
    at_ += write_text(row_, row_ + slot_ + 1, at_, text);
    slot_ += kElement;
  }
  void put(const Value& v) {
    row_[slot_] = static_cast<char>(type_of(v));
    at_ += Codec<Value>::write(row_, row_ + slot_ + 1, at_, v);
    slot_ += kElement;
  }
  std::size_t finish() {
    store(row_, static_cast<std::uint32_t>(at_));
    store(row_ + 4, static_cast<std::uint32_t>(count_));
    return at_;
  }

 private:
  char* row_;
  std::size_t count_;
  std::size_t slot_;
  std::size_t at_;
};

// ---- checking
// ------------------------------------------------------------------------------------

// Walks the slots of a row or nested row. Their variable bytes must follow one another without gap,
// so no byte is looked at more than once per level of nesting.
class SlotCheck {
 public:
  SlotCheck(std::string_view row, std::size_t first_variable, std::size_t depth)
      : row_(row), at_(first_variable), depth_(depth) {}

  const char* slot(FieldType type, std::size_t where);
  const char* finish() const {
    return at_ == row_.size() ? nullptr : "bytes that belong to no field";
  }

 private:
  const char* variable(FieldType type, std::uint64_t word);
  std::string_view row_;
  std::size_t at_;
  std::size_t depth_;
};

// The bytes of element `i` of a nested row, which is a string and was checked.
std::string_view element_text(std::string_view nested, std::size_t i) {
  return variable(nested.data(), nested.data() + kNestedHeader + kElement * i + 1);
}

const char* check_nested(std::string_view bytes, FieldType type, std::size_t depth) {
  if (depth > kMaxNesting) return kTooDeep;
  if (bytes.size() < kNestedHeader) return "a list or map is shorter than its header";
  if (load<std::uint32_t>(bytes.data()) != bytes.size()) {
    return "the length of a list or map is wrong";
  }
  const std::size_t count = load<std::uint32_t>(bytes.data() + 4);
  if (count > (bytes.size() - kNestedHeader) / kElement) {
    return "a list or map has more elements than bytes";
  }
  if (type == FieldType::map && count % 2 != 0) return "a map has a key without a value";
  SlotCheck check(bytes, kNestedHeader + kElement * count, depth);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = kNestedHeader + kElement * i;
    const auto tag = static_cast<unsigned char>(bytes[at]);
    if (tag > static_cast<unsigned>(FieldType::map)) return "unknown type tag in a list or map";
    if (const char* wrong = check.slot(FieldType(tag), at + 1)) return wrong;
    if (type != FieldType::map || i % 2 != 0) continue;
    if (FieldType(tag) != FieldType::string) return "a map's key is no string";
    if (i > 0 && element_text(bytes, i - 2) >= element_text(bytes, i)) {
      return "a map's keys do not ascend";
    }
  }
  return check.finish();
}

const char* SlotCheck::slot(FieldType type, std::size_t where) {
  const auto word = load<std::uint64_t>(row_.data() + where);
  if (is_variable(type)) return variable(type, word);
  if (type == FieldType::null && word != 0) return "a null's slot is not zero";
  if (type == FieldType::boolean && word > 1) return "a bool is neither 0 nor 1";
  return nullptr;
}

const char* SlotCheck::variable(FieldType type, std::uint64_t word) {
  const auto offset = static_cast<std::uint32_t>(word);
  const auto length = static_cast<std::uint32_t>(word >> 32);
  if (offset != at_) return "a field's offset is wrong";
  if (length > row_.size() - at_) return "a field reaches beyond the row";
  at_ += length;
  return type == FieldType::list || type == FieldType::map
             ? check_nested(row_.substr(offset, length), type, depth_ + 1)
             : nullptr;
}

const char* check_header(std::string_view bytes) {
  if (bytes.size() < 8) return "shorter than a row's header";
  const char* row = bytes.data();
  if (length(row) != bytes.size()) return "the row's length is wrong";
  const std::size_t n = field_count(row);
  if (n > Schema::kMaxFields) return "more than 254 fields";
  if (row[5] != 0) return "unknown flags";
  const std::size_t first_slot = detail::slots_offset(n);
  if (first_slot + 8 * n > bytes.size()) return "the fields reach beyond the row";
  for (std::size_t i = n; i < 4; ++i) {
    if (tag(row, i) != FieldType::null) return "a type tag without a field";
  }
  if (n > 4) {
    const std::size_t last = (n - 5) % 16;  // nibble of the last field in the last word of tags
    const auto tags = load<std::uint64_t>(row + first_slot - 8);
    if (last < 15 && tags >> (4 * (last + 1)) != 0) return "a type tag without a field";
  }
  return nullptr;
}

// ---- reading
// -------------------------------------------------------------------------------------

Value read_checked(std::string_view bytes, FieldType type);

// The value of a slot of the row or nested row that starts at `row`.
Value read_slot(const char* row, const char* slot, FieldType type) {
  switch (type) {
    case FieldType::null:
      return {};
    case FieldType::boolean:
      return load<std::uint64_t>(slot) != 0;
    case FieldType::int64:
      return load<std::int64_t>(slot);
    case FieldType::float64:
      return load<double>(slot);
    case FieldType::string:
      return variable(row, slot);
    case FieldType::bytes: {
      const auto text = variable(row, slot);
      const auto* first = reinterpret_cast<const std::byte*>(text.data());
      return ByteString(first, first + text.size());
    }
    case FieldType::list:
    case FieldType::map:
      return read_checked(variable(row, slot), type);
  }
  throw std::out_of_range("unknown type tag");
}

Value read_checked(std::string_view bytes, FieldType type) {
  const char* row = bytes.data();
  const std::size_t count = load<std::uint32_t>(row + 4);
  const auto element = [row](std::size_t i) {
    const char* at = row + kNestedHeader + kElement * i;
    return read_slot(row, at + 1, FieldType(static_cast<unsigned char>(*at)));
  };
  if (type == FieldType::list) {
    List list;
    list.reserve(count);
    for (std::size_t i = 0; i < count; ++i) list.push_back(element(i));
    return list;
  }
  Map map;
  for (std::size_t i = 0; i < count; i += 2) {
    map.emplace_hint(map.end(), element_text(bytes, i), element(i + 1));
  }
  return map;
}

}  // namespace

std::size_t nested_size(const List& value) { return checked_size(list_size(value, 1)); }
std::size_t nested_size(const Map& value) { return checked_size(map_size(value, 1)); }

std::size_t write_nested(char* at, const List& value) {
  NestedWriter writer(at, value.size());
  for (const Value& v : value) writer.put(v);
  return writer.finish();
}

std::size_t write_nested(char* at, const Map& value) {
  NestedWriter writer(at, 2 * value.size());
  for (const auto& [key, v] : value) {
    writer.put(std::string_view(key));
    writer.put(v);
  }
  return writer.finish();
}

Value read_nested(std::string_view bytes, FieldType type) {
  if (type != FieldType::list && type != FieldType::map) {
    throw std::out_of_range("a nested row is a list or a map");
  }
  if (const char* wrong = check_nested(bytes, type, 1)) {
    if (wrong == kTooDeep) throw std::length_error(wrong);
    throw std::out_of_range(wrong);
  }
  return read_checked(bytes, type);
}

Value read_value(const char* row, std::size_t position) {
  const FieldType type = tag(row, position);
  const char* at = slot(row, position);
  return type == FieldType::list || type == FieldType::map ? read_nested(variable(row, at), type)
                                                           : read_slot(row, at, type);
}

const char* check(std::string_view bytes) {
  if (const char* wrong = check_header(bytes)) return wrong;
  const char* row = bytes.data();
  const std::size_t n = field_count(row);
  const std::size_t first_slot = detail::slots_offset(n);
  SlotCheck check(bytes, first_slot + 8 * n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const FieldType type = tag(row, i);
    if (type > FieldType::map) return "unknown type tag";
    if (const char* wrong = check.slot(type, first_slot + 8 * i)) return wrong;
  }
  return check.finish();
}

FieldType Codec<Value>::tag(const Value& v) { return type_of(v); }

std::size_t Codec<Value>::variable(const Value& v) { return checked_size(variable_size(v, 0)); }

std::size_t Codec<Value>::write(char* row, char* slot, std::size_t at, const Value& v) {
  switch (type_of(v)) {
    case FieldType::null:
      store(slot, std::uint64_t{0});
      return 0;
    case FieldType::boolean:
      store(slot, std::uint64_t{*v.as<bool>()});
      return 0;
    case FieldType::int64:
      store(slot, *v.as<std::int64_t>());
      return 0;
    case FieldType::float64:
      store(slot, *v.as<double>());
      return 0;
    case FieldType::string:
      return write_text(row, slot, at, *v.as<std::string>());
    case FieldType::bytes:
      return write_text(row, slot, at, as_text(*v.as<ByteString>()));
    case FieldType::list:
      return Codec<List>::write(row, slot, at, *v.as<List>());
    case FieldType::map:
      return Codec<Map>::write(row, slot, at, *v.as<Map>());
  }
  return 0;
}

}  // namespace rafale::row
