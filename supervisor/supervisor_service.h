// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What users may ask a supervisor: logs of workers, and what it runs.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "coord/types.h"
#include "supervisor/driver_codec.h"

namespace grpc {
class Service;
}

namespace rafale::supervisor {

/// `stopping` ends streams that follow a log.
std::unique_ptr<grpc::Service> make_supervisor_service(const Driver& driver,
                                                       const coord::SupervisorInfo& self,
                                                       const std::string& log_dir,
                                                       const std::atomic<bool>& stopping);

}  // namespace rafale::supervisor
