// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which settings of a shared file belong to the cluster and which to topologies.
#pragma once

#include <array>
#include <string_view>

namespace rafale::common {

/// Whether a key is one of the daemons', by its prefix. All others are a topology's.
constexpr bool is_cluster_key(std::string_view key) {
  constexpr std::array<std::string_view, 6> kPrefixes{"storm.",      "nimbus.",     "supervisor.",
                                                      "rafale.bind", "rafale.tls.", "zookeeper."};
  for (const std::string_view prefix : kPrefixes) {
    if (key.starts_with(prefix)) return true;
  }
  return key == "insecure";
}

}  // namespace rafale::common
