// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The trailer, and the order of asking.

#include "common/rpc/leader.h"

#include <set>

#include <grpcpp/server_context.h>

namespace rafale::common {
namespace {

constexpr const char* kKey = "rafale-leader";

}  // namespace

void name_leader(grpc::ServerContext& context, const std::string& address) {
  if (!address.empty()) context.AddTrailingMetadata(kKey, address);
}

std::string named_leader(const grpc::ClientContext& context) {
  const auto& trailing = context.GetServerTrailingMetadata();
  const auto found = trailing.find(kKey);
  return found == trailing.end() ? "" : std::string(found->second.data(), found->second.size());
}

std::string find_leader(std::vector<std::string> candidates, std::size_t most,
                        const std::function<Asked(const std::string& address)>& ask) {
  std::set<std::string> tried;
  for (std::size_t i = 0; i < candidates.size() && i < most; ++i) {
    std::string address = candidates[i];
    if (!tried.insert(address).second) continue;
    const Asked asked = ask(address);
    if (asked.done) return address;
    if (!asked.named.empty() && !tried.contains(asked.named)) {
      candidates.insert(candidates.begin() + static_cast<std::ptrdiff_t>(i) + 1, asked.named);
    }
  }
  return "";
}

}  // namespace rafale::common
