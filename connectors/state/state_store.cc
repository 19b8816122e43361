// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Changes over a disk, and the label by which the disk is known again.
#include "connectors/state/state_store.h"

#include <sstream>
#include <stdexcept>
#include <utility>

namespace rafale::connectors::state {
namespace {

constexpr std::string_view kFormat = "rafale-state 1";
constexpr std::string_view kLabelKey{"\0label", 6};
constexpr std::size_t kEntryBytes = 96;  // of a map's node

std::string label_of(const Identity& identity) {
  std::string text(kFormat);
  text += "\ntasks " + std::to_string(identity.tasks);
  for (const auto& [name, holds] : identity.tables) text += "\n" + name + " " + holds;
  return text + "\n";
}

/// What is wrong with the label, as the end of a sentence; empty if nothing is.
std::string mismatch(const std::string& label, const Identity& identity) {
  std::istringstream in(label);
  std::string line;
  std::getline(in, line);
  if (line != kFormat) return "has the format '" + line + "', not '" + std::string(kFormat) + "'";
  std::getline(in, line);
  if (line != "tasks " + std::to_string(identity.tasks)) {
    return "was written by a component with " + line + ", which now has " +
           std::to_string(identity.tasks);
  }
  while (std::getline(in, line)) {
    const std::string name = line.substr(0, line.find(' '));
    const std::string holds = line.substr(std::min(name.size() + 1, line.size()));
    const auto now = identity.tables.find(name);
    if (now == identity.tables.end()) {
      return "has a table '" + name + "' (" + holds + ") that the component no longer has";
    }
    if (now->second != holds) {
      return "has in the table '" + name + "' " + holds + ", not " + now->second;
    }
  }
  return {};
}

}  // namespace

StateStore::StateStore(const std::string& path, const Identity& identity) {
  const std::string owner =
      "task " + std::to_string(identity.index) + " of component '" + identity.component + "'";
  disk_ = std::make_unique<Disk>(path, owner);
  const std::string wanted = label_of(identity);
  const std::optional<std::string> label = disk_->get(kLabelKey);
  was_there_ = label.has_value();
  if (label) {
    if (const std::string reason = mismatch(*label, identity); !reason.empty()) {
      throw std::runtime_error("the state of " + owner + " in '" + path + "' " + reason +
                               "; start as it was written, or move the directory away");
    }
  } else if (disk_->cursor("")->valid()) {
    throw std::runtime_error("'" + path + "', where the state of " + owner +
                             " is to be, is a database of something else");
  }
  if (label != wanted) disk_->write({{std::string(kLabelKey), wanted}});
}

std::optional<std::string> StateStore::get(std::string_view key) const {
  const auto found = changes_.find(key);
  if (found != changes_.end()) return found->second;
  return disk_ ? disk_->get(key) : std::nullopt;
}

void StateStore::change(std::string_view key, std::optional<std::string> value) {
  const auto found = changes_.find(key);
  bytes_ += value ? value->size() : 0;
  if (found != changes_.end()) {
    bytes_ -= found->second ? found->second->size() : 0;
    found->second = std::move(value);
    return;
  }
  bytes_ += key.size() + kEntryBytes;
  changes_.emplace(key, std::move(value));
}

void StateStore::put(std::string_view key, std::string value) { change(key, std::move(value)); }

void StateStore::erase(std::string_view key) {
  if (disk_) {
    change(key, std::nullopt);
  } else if (const auto found = changes_.find(key); found != changes_.end()) {
    changes_.erase(found);
  }
}

void StateStore::for_each(std::string_view prefix, const Visit& visit) const {
  const auto within = [&](std::string_view key) { return key.starts_with(prefix); };
  const std::unique_ptr<Disk::Cursor> disk = disk_ ? disk_->cursor(prefix) : nullptr;
  const auto below = [&] { return disk && disk->valid() && within(disk->key()); };
  auto change = changes_.lower_bound(prefix);
  std::string key;
  std::string value;
  for (;;) {
    const bool on_disk = below();
    const bool changed = change != changes_.end() && within(change->first);
    if (!on_disk && !changed) return;
    const bool take_change = changed && (!on_disk || change->first <= disk->key());
    key.assign(take_change ? std::string_view(change->first) : disk->key());
    const bool there = !take_change || change->second.has_value();
    if (there) value.assign(take_change ? std::string_view(*change->second) : disk->value());
    if (on_disk && disk->key() == key) disk->next();
    if (there && !visit(key, value)) return;
    change = changes_.upper_bound(key);  // anew, as `visit` may have changed the map
  }
}

bool StateStore::is_pending(std::string_view key) const {
  return disk_ && changes_.find(key) != changes_.end();
}

void StateStore::commit() {
  if (!has_pending()) return;
  disk_->write(changes_);
  discard();
}

void StateStore::discard() {
  if (!disk_) return;
  changes_.clear();
  bytes_ = 0;
}

}  // namespace rafale::connectors::state
