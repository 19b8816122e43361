// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Word to systemd, as sd_notify(3) describes it.
#pragma once

#include <string>

namespace rafale::common {

/// Sends "READY=1", "STOPPING=1", "WATCHDOG=1" or "STATUS=..." to $NOTIFY_SOCKET; nothing happens
/// without one. Any thread.
void notify_service_manager(const std::string& word);

}  // namespace rafale::common
