// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Orders and what their answers promise.

#include "tests/simulation/cluster/users.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/simulation/cluster/world.h"

namespace rafale::cluster_sim {
namespace {

coord::TopologySpec make_spec(Stage& stage, std::uint32_t workers) {
  coord::TopologySpec spec;
  spec.workers = workers;
  std::uint32_t first = 1;
  for (const char* component : {"count", "lines", "split"}) {
    const auto tasks = static_cast<std::uint32_t>(1 + stage.pick(4));
    const auto executors = static_cast<std::uint32_t>(1 + stage.pick(tasks));
    spec.components.push_back(
        {component, component == std::string("lines"), executors, tasks, first,
         component == std::string("split") && stage.chance(0.3) ? std::string("lines")
                                                                : std::string()});
    first += tasks;
  }
  return spec;
}

}  // namespace

Users::Users(World& world) : world_(world) {}

void Users::start() {
  if (stopped_) return;
  act();
  world_.stage().after(world_.stage().between(200, 8000), [this] { start(); });
}

/// Workers that may still be asked for, so that there is a slot for each of all topologies.
std::uint32_t Users::room() const {
  std::uint32_t taken = 0;
  for (const auto& [name, workers] : wanted_) taken += workers;
  const auto slots = static_cast<std::uint32_t>(world_.slots());
  return slots > taken ? slots - taken : 0;
}

void Users::act() {
  const std::string name = absl::StrCat("t", world_.stage().pick(4));
  if (busy_.contains(name)) return;
  const Order order = order_for(name);
  if (order.name.empty()) return;
  ++orders_;
  busy_[name] = order.request_id;
  ask(order);
}

Order Users::order_for(const std::string& name) {
  Stage& stage = world_.stage();
  Order order;
  order.name = name;
  order.request_id = absl::StrCat("r", orders_);
  const auto wanted = wanted_.find(name);
  const std::uint32_t most = room() + (wanted == wanted_.end() ? 0 : wanted->second);
  const auto workers = static_cast<std::uint32_t>(1 + stage.pick(std::clamp(most, 1u, 5u)));
  if (wanted == wanted_.end()) {
    if (most == 0) return {};
    order.spec = world_.add_spec(make_spec(stage, workers));
    order.inactive = stage.chance(0.25);
    wanted_[name] = workers;
    return order;
  }
  const int die = stage.pick(10);
  order.wish.wait_ms = static_cast<std::uint32_t>(stage.pick(8000));
  if (die < 2) {
    order.kind = Order::Kind::kill;
  } else if (die < 4) {
    order.kind = Order::Kind::activate;
  } else if (die < 6) {
    order.kind = Order::Kind::deactivate;
  } else {
    order.kind = Order::Kind::rebalance;
    order.wish.workers = workers;
    wanted_[name] = std::max(wanted->second, workers);
    if (stage.chance(0.3)) order.wish.executors["lines"] = 1;
  }
  return order;
}

void Users::ask(const Order& order) {
  world_.ask_leader<Nimbus::OrderAnswer>(
      kUser, guess_,
      [order](Nimbus& nimbus, const Stage::Reply<Nimbus::OrderAnswer>& reply) {
        nimbus.serve(order, reply);
      },
      [this, order](const std::optional<Nimbus::OrderAnswer>& answer) {
        const bool again = !answer || absl::IsUnavailable(answer->status) ||
                           absl::IsUnknown(answer->status) || absl::IsAborted(answer->status);
        if (again) {
          world_.stage().after(world_.stage().between(100, 1000), [this, order] { ask(order); });
          return;
        }
        answered(order, *answer);
      });
}

void Users::answered(const Order& order, const Nimbus::OrderAnswer& answer) {
  busy_.erase(order.name);
  world_.stage().say(absl::StrCat("user: ", order.request_id, " kind ",
                                  static_cast<int>(order.kind), " of ", order.name, ": ",
                                  answer.status.ToString(), " ", answer.topology));
  std::map<std::string, Promise>& promises = world_.checker().promises();
  if (order.kind == Order::Kind::submit) {
    if (answer.status.ok()) {
      promises[answer.topology] = {order.name, !order.inactive, false,
                                   world_.spec(order.spec).workers};
    } else {
      wanted_.erase(order.name);  // the one before is on its way out still
    }
    return;
  }
  if (!answer.status.ok()) return;
  Promise& promise = promises.at(answer.topology);
  switch (order.kind) {
    case Order::Kind::kill:
      promise.killed = true;
      wanted_.erase(order.name);
      break;
    case Order::Kind::rebalance:
      promise.workers = *order.wish.workers;
      wanted_[order.name] = promise.workers;
      break;
    default:
      promise.active = order.kind == Order::Kind::activate;
  }
}

}  // namespace rafale::cluster_sim
