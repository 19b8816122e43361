// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The slower ways to read a tuple: checked, by position, as values and as text.
#include "rafale/tuple.h"

#include <stdexcept>

namespace rafale {

const char* Tuple::typed_slot(std::size_t position, FieldType type) const {
  const Schema& fields = schema();
  if (position >= fields.size()) {
    throw std::invalid_argument("no field " + std::to_string(position) + " in " +
                                fields.to_string());
  }
  if (fields[position].type != type) {
    throw std::invalid_argument("field \"" + fields[position].name + "\" is of type " +
                                std::string(to_string(fields[position].type)) + ", not " +
                                std::string(to_string(type)));
  }
  return row::slot(row_, position);
}

Value Tuple::value(std::size_t position) const {
  if (position >= size()) {
    throw std::invalid_argument("no field " + std::to_string(position) + " in " +
                                schema().to_string());
  }
  return row::read_value(row_, position);
}

std::string Tuple::to_json() const {
  std::string out = "{";
  for (std::size_t at = 0; at < size(); ++at) {
    if (at != 0) out += ',';
    out += json_quote(schema()[at].name);
    out += ':';
    out += row::read_value(row_, at).to_json();
  }
  return out + "}";
}

}  // namespace rafale
