// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Home of the vtables of what a task asks the runtime.
#include "rafale/context.h"

namespace rafale {

Counter::~Counter() = default;
TaskContext::~TaskContext() = default;

}  // namespace rafale
