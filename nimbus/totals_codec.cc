// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Reading and writing of totals.

#include "nimbus/totals_codec.h"

#include <filesystem>
#include <utility>

#include <spdlog/logger.h>

#include "common/durable_file.h"
#include "common/log.h"

namespace rafale::nimbus {
namespace {

constexpr std::string_view kEnding = ".pb";

}  // namespace

TotalsKeeper::TotalsKeeper(StatsBook& stats, std::string dir)
    : stats_(stats), dir_(std::move(dir)) {
  common::make_private_folders(dir_).IgnoreError();
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(dir_, error)) {
    const std::string name = file.path().filename();
    const auto bytes = common::read_whole(file.path());
    v1::StoredTotals stored;
    if (!name.ends_with(kEnding) || !bytes.ok() || !stored.ParseFromString(*bytes)) continue;
    stats_.restore(name.substr(0, name.size() - kEnding.size()), stored);
  }
}

void TotalsKeeper::keep(const std::string& topology) {
  const absl::Status kept = common::write_durably(dir_ + "/" + topology + std::string(kEnding),
                                                  stats_.store(topology).SerializeAsString());
  if (!kept.ok()) {
    common::log::make("nimbus")->warn("totals are not kept: {}", std::string(kept.message()));
  }
}

void TotalsKeeper::forget(const std::string& topology) {
  stats_.forget(topology);
  std::error_code error;
  std::filesystem::remove(dir_ + "/" + topology + std::string(kEnding), error);
}

}  // namespace rafale::nimbus
