// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Payloads of ZooKeeper: the first byte says which, the rest is the payload. What is decoded is
// the same when it is written and read again.

#include <string_view>

#include "coord/cluster_codec.h"
#include "tests/fuzz/target.h"

namespace rafale::coord {
namespace {

template <class T>
void read(std::string_view payload) {
  const auto value = decode<T>(payload);
  if (!value.ok()) return;
  const std::string written = encode(*value);
  const auto again = decode<T>(written);
  RAFALE_FUZZ_CHECK(again.ok());
  RAFALE_FUZZ_CHECK(*again == *value);
  RAFALE_FUZZ_CHECK(encode(*again) == written);
}

}  // namespace
}  // namespace rafale::coord

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rafale::coord;
  if (size == 0) return 0;
  const std::string_view payload = rafale::fuzz::view_of(data + 1, size - 1);
  switch (data[0] % 8) {
    case 0:
      read<NimbusInfo>(payload);
      break;
    case 1:
      read<SupervisorInfo>(payload);
      break;
    case 2:
      read<TopologySpec>(payload);
      break;
    case 3:
      read<TopologyRecord>(payload);
      break;
    case 4:
      read<Assignment>(payload);
      break;
    case 5:
      read<std::vector<ErrorEntry>>(payload);
      break;
    case 6:
      read<RequestResult>(payload);
      break;
    default:
      read<Tombstone>(payload);
      break;
  }
  return 0;
}
