// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Tells this machine from others.
#pragma once

#include <string>

namespace rafale::common {

/// Whether a host name or address means this machine only: all its addresses are loopback's. False
/// for a name that cannot be resolved. May ask a name server.
bool is_loopback(const std::string& host);

}  // namespace rafale::common
