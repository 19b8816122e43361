// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// What a bolt does that overrides nothing.
#include "rafale/bolt.h"

namespace rafale {

Bolt::~Bolt() = default;
void Bolt::prepare(TaskContext&, BoltCollector&) {}
void Bolt::flush(BoltCollector&) {}
void Bolt::cleanup() {}

BasicBolt::~BasicBolt() = default;
void BasicBolt::prepare(TaskContext&) {}
void BasicBolt::cleanup() {}

}  // namespace rafale
