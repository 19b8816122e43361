// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Reasons of failures as text.
#include "rafale/failure.h"

namespace rafale {

std::string_view to_string(FailureCode code) {
  switch (code) {
    case FailureCode::timeout:
      return "timeout";
    case FailureCode::explicit_:
      return "explicit";
    case FailureCode::exception:
      return "exception";
    case FailureCode::peer_lost:
      return "peer_lost";
  }
  return "unknown";
}

std::string FailReason::to_string() const {
  std::string out(rafale::to_string(code));
  if (!component.empty()) {
    out += " in ";
    out += component;
    if (task != 0) out += " (task " + std::to_string(task) + ")";
  }
  if (!text.empty()) {
    out += ": ";
    out += text;
  }
  return out;
}

}  // namespace rafale
