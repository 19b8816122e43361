// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Looking after a node.

#include "coord/registration.h"

#include <atomic>
#include <utility>

#include "coord/keeper_thread.h"

namespace rafale::coord {
namespace {

constexpr std::chrono::milliseconds kSweep{10'000};

class KeptRegistration final : public Registration {
 public:
  KeptRegistration(Store& store, std::string path, std::string data)
      : store_(store),
        path_(std::move(path)),
        data_(std::move(data)),
        keeper_(kSweep, [this] { look(); }) {
    watch_ = store_.watch(path_, [this] { keeper_.wake(); });
  }

  ~KeptRegistration() override {
    store_.unwatch(watch_);
    keeper_.stop();
    const auto node = store_.get(path_);
    if (node.ok() && is_ours(*node)) store_.remove(path_, node->version).IgnoreError();
  }

  bool held() const override { return held_.load(); }

 private:
  bool is_ours(const Node& node) const {
    return node.ephemeral_owner != 0 && node.ephemeral_owner == store_.session() &&
           node.data == data_;
  }

  void look() {
    const auto node = store_.get(path_);
    if (node.ok() && is_ours(*node)) {
      held_ = true;
      return;
    }
    held_ = false;
    if (!node.ok() && !absl::IsNotFound(node.status())) return;  // with the next connection
    std::vector<Write> writes;
    if (node.ok()) writes.push_back(Write::remove(path_, node->version));
    writes.push_back(Write::create(path_, data_, Persistence::ephemeral));
    const absl::Status written = store_.multi(writes);
    held_ = written.ok();
    // A write of unknown outcome is looked at again, at once.
    if (!written.ok() && !absl::IsUnavailable(written)) keeper_.wake();
  }

  Store& store_;
  const std::string path_;
  const std::string data_;
  std::atomic<bool> held_{false};
  std::uint64_t watch_ = 0;
  KeeperThread keeper_;
};

}  // namespace

std::unique_ptr<Registration> Registration::start(Store& store, std::string path,
                                                  std::string data) {
  return std::make_unique<KeptRegistration>(store, std::move(path), std::move(data));
}

}  // namespace rafale::coord
