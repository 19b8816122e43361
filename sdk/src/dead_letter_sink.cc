// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Home of the vtable of what takes dead letters.
#include "rafale/dead_letter_sink.h"

namespace rafale {

DeadLetterSink::~DeadLetterSink() = default;

}  // namespace rafale
