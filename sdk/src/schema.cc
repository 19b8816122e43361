// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Look-up of fields by name, with errors that help.
#include "rafale/schema.h"

#include "rafale/config.h"

namespace rafale {

std::string_view to_string(FieldType type) {
  switch (type) {
    case FieldType::null:
      return "null";
    case FieldType::string:
      return "string";
    case FieldType::int64:
      return "int64";
    case FieldType::float64:
      return "double";
    case FieldType::boolean:
      return "bool";
    case FieldType::bytes:
      return "bytes";
    case FieldType::list:
      return "list";
    case FieldType::map:
      return "map";
  }
  return "unknown";
}

Schema::Schema(std::vector<FieldDef> fields) : fields_(std::move(fields)) {
  tags_.resize(detail::slots_offset(fields_.size()) / 8);
  for (std::size_t at = 0; at < fields_.size(); ++at) {
    const auto tag = static_cast<std::uint64_t>(fields_[at].type) & 15;
    const std::size_t nibble = at < 4 ? at : (at - 4) % 16;
    tags_[at < 4 ? 0 : 1 + (at - 4) / 16] |= tag << (4 * nibble);
  }
}

std::optional<std::size_t> Schema::find(std::string_view name) const {
  for (std::size_t at = 0; at < fields_.size(); ++at) {
    if (fields_[at].name == name) return at;
  }
  return std::nullopt;
}

std::size_t Schema::require(std::string_view name, FieldType type) const {
  const auto at = find(name);
  if (!at) {
    std::vector<std::string> names;
    names.reserve(fields_.size());
    for (const FieldDef& field : fields_) names.push_back(field.name);
    const std::string near = nearest(name, names);
    throw std::invalid_argument(
        "no field \"" + std::string(name) + "\" in " + to_string() +
        (near.empty() ? std::string() : "; did you mean \"" + near + "\"?"));
  }
  const FieldType declared = fields_[*at].type;
  if (declared != type) {
    throw std::invalid_argument("field \"" + std::string(name) + "\" is of type " +
                                std::string(rafale::to_string(declared)) + ", not " +
                                std::string(rafale::to_string(type)));
  }
  return *at;
}

std::string Schema::to_string() const {
  std::string out = "(";
  for (const FieldDef& field : fields_) {
    if (&field != fields_.data()) out += ", ";
    out += field.name;
    out += ' ';
    out += rafale::to_string(field.type);
  }
  return out + ")";
}

}  // namespace rafale
