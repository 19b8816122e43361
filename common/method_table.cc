// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Roles and the table of security.h.

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/security.h"

namespace rafale::common {

std::string_view to_string(Role role) {
  switch (role) {
    case Role::nimbus:
      return "nimbus";
    case Role::supervisor:
      return "supervisor";
    case Role::worker:
      return "worker";
    case Role::user:
      return "user";
  }
  return "";
}

void MethodTable::allow(std::string method, std::initializer_list<Role> roles) {
  roles_[std::move(method)].insert(roles.begin(), roles.end());
}

bool MethodTable::knows(std::string_view method) const { return roles_.contains(method); }

absl::Status MethodTable::check(std::string_view method, const PeerIdentity& peer) const {
  const auto found = roles_.find(method);
  std::string needed;
  if (found != roles_.end()) {
    for (const Role role : found->second) {
      if (peer.roles.contains(role)) return absl::OkStatus();
      const std::string_view name = to_string(role);
      absl::StrAppend(&needed, needed.empty() ? "" : " or ",
                      absl::string_view(name.data(), name.size()));
    }
  }
  return absl::PermissionDeniedError(
      absl::StrCat(absl::string_view(method.data(), method.size()), " is for ",
                   needed.empty() ? "nobody" : needed, ", and ",
                   peer.subject.empty() ? "the caller" : peer.subject, " is not"));
}

}  // namespace rafale::common
