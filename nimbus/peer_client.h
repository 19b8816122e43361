// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Calls from one Nimbus to another: blobs and totals.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/security.h"
#include "rafale/v1/stats.pb.h"

namespace rafale::nimbus {

/// Stores a blob at the other; does nothing if it is there.
absl::Status push_blob(const std::string& address, const common::Security& security,
                       const std::string& sha256, const std::string& bytes);
/// NOT_FOUND if the other has no such blob.
absl::StatusOr<std::string> pull_blob(const std::string& address, const common::Security& security,
                                      const std::string& sha256);
absl::Status push_totals(const std::string& address, const common::Security& security,
                         const std::string& topology, const v1::StoredTotals& totals);

}  // namespace rafale::nimbus
