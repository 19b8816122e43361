// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// What a spout does that overrides nothing.
#include "rafale/spout.h"

namespace rafale {

Spout::~Spout() = default;
void Spout::open(SpoutContext&) {}
void Spout::ack(MessageId) {}
void Spout::fail(MessageId, const FailReason&) {}
void Spout::activate() {}
void Spout::deactivate() {}
void Spout::close() {}
bool Spout::drains() { return false; }

}  // namespace rafale
