// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Groupings as text.
#include "rafale/grouping.h"

namespace rafale {

std::string Grouping::to_string() const {
  switch (kind) {
    case Kind::shuffle:
      return "shuffle";
    case Kind::all:
      return "all";
    case Kind::global:
      return "global";
    case Kind::direct:
      return "direct";
    case Kind::local_or_shuffle:
      return "local_or_shuffle";
    case Kind::fields:
      break;
  }
  std::string out = "fields(";
  for (const std::string& field : fields) {
    if (&field != fields.data()) out += ", ";
    out += field;
  }
  return out + ")";
}

}  // namespace rafale
