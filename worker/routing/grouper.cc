// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// From a grouping's name to its code.
#include "worker/routing/grouper.h"

#include "worker/routing/all.h"
#include "worker/routing/fields.h"
#include "worker/routing/global.h"
#include "worker/routing/local_or_shuffle.h"
#include "worker/routing/shuffle.h"

namespace rafale::worker {

std::unique_ptr<Grouper> make_grouper(const Grouping& grouping, const GroupingContext& context) {
  switch (grouping.kind) {
    case Grouping::Kind::shuffle:
      return std::make_unique<Shuffle>(context.tasks, context.seed);
    case Grouping::Kind::fields:
      return std::make_unique<Fields>(*context.schema, grouping.fields, context.tasks);
    case Grouping::Kind::all:
      return std::make_unique<All>();
    case Grouping::Kind::global:
      return std::make_unique<Global>();
    case Grouping::Kind::local_or_shuffle:
      return std::make_unique<LocalOrShuffle>(context.local, context.tasks, context.seed);
    case Grouping::Kind::direct:
      break;
  }
  return nullptr;
}

}  // namespace rafale::worker
