// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Looking after a node.

#include "coord/registration.h"

#include <atomic>
#include <utility>

#include "common/keeper_thread.h"

namespace rafale::coord {
namespace {

constexpr std::chrono::milliseconds kRegistrationSweep{10'000};

bool is_ours(const Store& store, const Node& node, const std::string& data) {
  return node.ephemeral_owner != 0 && node.ephemeral_owner == store.session() && node.data == data;
}

class KeptRegistration final : public Registration {
 public:
  KeptRegistration(Store& store, std::string path, std::string data)
      : store_(store),
        path_(std::move(path)),
        data_(std::move(data)),
        keeper_(kRegistrationSweep, [this] { look(); }) {
    watch_ = store_.watch(path_, [this] { keeper_.wake(); });
  }

  ~KeptRegistration() override {
    store_.unwatch(watch_);
    keeper_.stop();
    const auto node = store_.get(path_);
    if (node.ok() && is_ours(store_, *node, data_)) {
      store_.remove(path_, node->version).IgnoreError();
    }
  }

  bool held() const override { return held_.load(); }

 private:
  void look() {
    const NodeLook look = look_after_node(store_, path_, data_);
    held_ = look.held;
    if (look.again) keeper_.wake();
  }

  Store& store_;
  const std::string path_;
  const std::string data_;
  std::atomic<bool> held_{false};
  std::uint64_t watch_ = 0;
  common::KeeperThread keeper_;
};

}  // namespace

NodeLook look_after_node(Store& store, const std::string& path, const std::string& data) {
  const auto node = store.get(path);
  if (node.ok() && is_ours(store, *node, data)) return {.held = true};
  if (!node.ok() && !absl::IsNotFound(node.status())) return {};  // with the next connection
  std::vector<Write> writes;
  if (node.ok()) writes.push_back(Write::remove(path, node->version));
  writes.push_back(Write::create(path, data, Persistence::ephemeral));
  const absl::Status written = store.multi(writes);
  return {.held = written.ok(), .again = !written.ok() && !absl::IsUnavailable(written)};
}

std::unique_ptr<Registration> Registration::start(Store& store, std::string path,
                                                  std::string data) {
  return std::make_unique<KeptRegistration>(store, std::move(path), std::move(data));
}

}  // namespace rafale::coord
