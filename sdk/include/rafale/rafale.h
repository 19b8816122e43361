// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Everything that a topology needs, in one include.
#pragma once

#include "rafale/bolt.h"
#include "rafale/collector.h"
#include "rafale/config.h"
#include "rafale/context.h"
#include "rafale/dead_letter_sink.h"
#include "rafale/durable_file.h"
#include "rafale/failure.h"
#include "rafale/plugin.h"
#include "rafale/replay_spout.h"
#include "rafale/schema.h"
#include "rafale/source_position.h"
#include "rafale/spout.h"
#include "rafale/topology_builder.h"
#include "rafale/tuple.h"
#include "rafale/types.h"
#include "rafale/value.h"
