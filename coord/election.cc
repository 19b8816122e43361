// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The recipe of election.h.

#include "coord/election.h"

#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/clock.h"
#include "common/keeper_thread.h"
#include "common/random.h"
#include "coord/cluster_codec.h"

namespace rafale::coord {
namespace {

constexpr std::chrono::milliseconds kSweep{5'000};

class RunningElection final : public Election {
 public:
  RunningElection(ClusterState& state, NimbusInfo self, std::function<void()> changed)
      : store_(state.store()),
        folder_(state.election_path()),
        self_(std::move(self)),
        guid_("n-" + common::random_hex()),
        changed_(std::move(changed)),
        keeper_(kSweep, [this] { look(); }) {
    watch_ = store_.watch(folder_, [this] { keeper_.wake(); });
    store_.on_connection([this, alive = std::weak_ptr<int>(alive_)](Connection connection) {
      const auto held = alive.lock();
      if (held == nullptr) return;
      if (connection == Connection::expired) forget();
      keeper_.wake();
    });
  }

  ~RunningElection() override {
    resign();
    alive_.reset();
  }

  std::optional<LeaderToken> token() const override {
    const std::lock_guard lock(mutex_);
    if (!token_ || clock_.now_ns() >= store_.lease_until_ns()) return std::nullopt;
    return token_;
  }

  std::optional<NimbusInfo> leader() const override {
    const std::lock_guard lock(mutex_);
    return leader_;
  }

  void resign() override {
    {
      const std::lock_guard lock(mutex_);
      if (std::exchange(resigned_, true)) return;
    }
    store_.unwatch(watch_);
    keeper_.stop();
    const std::string mine = absl::StrCat(folder_, "/", guid_);
    const auto node = store_.get(mine);
    if (node.ok() && node->ephemeral_owner == store_.session()) {
      store_.remove(mine, node->version).IgnoreError();
    }
    set(std::nullopt, std::nullopt);
  }

 private:
  /// The session is over: whatever we were, we are not any more.
  void forget() { set(std::nullopt, std::nullopt); }

  void look() {
    const ElectionStep step =
        step_of_election(store_, folder_, absl::StrCat(folder_, "/", guid_), self_);
    if (step.standing) set(step.standing->token, step.standing->leader);
    if (step.again) keeper_.wake();
  }

  void set(const std::optional<LeaderToken>& token, const std::optional<NimbusInfo>& leader) {
    {
      const std::lock_guard lock(mutex_);
      const bool same = token.has_value() == token_.has_value() &&
                        (!token || token->created == token_->created) && leader == leader_;
      if (same) return;
      token_ = token;
      leader_ = leader;
    }
    changed_();
  }

  Store& store_;
  const std::string folder_;
  const NimbusInfo self_;
  const std::string guid_;
  const std::function<void()> changed_;
  const common::SystemClock clock_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  mutable std::mutex mutex_;
  std::optional<LeaderToken> token_;
  std::optional<NimbusInfo> leader_;
  bool resigned_ = false;
  std::uint64_t watch_ = 0;
  common::KeeperThread keeper_;
};

}  // namespace

ElectionStep step_of_election(Store& store, const std::string& folder, const std::string& own,
                              const NimbusInfo& self) {
  const auto present = store.get(own);
  if (absl::IsNotFound(present.status()) ||
      (present.ok() && present->ephemeral_owner != store.session())) {
    std::vector<Write> writes;
    if (present.ok()) writes.push_back(Write::remove(own, present->version));
    writes.push_back(Write::create(own, encode(self), Persistence::ephemeral));
    // Whatever came of it is looked at, unless nobody answers.
    return {.again = !absl::IsUnavailable(store.multi(writes))};
  }
  if (!present.ok()) return {};  // with the next connection
  const auto names = store.children(folder);
  if (!names.ok()) return {};
  std::optional<std::pair<std::int64_t, std::string>> first;
  Standing standing;
  for (const std::string& name : *names) {
    const std::string path = absl::StrCat(folder, "/", name);
    const auto node = store.get(path);
    if (!node.ok() || (first && node->created > first->first)) continue;
    first = {node->created, path};
    // Whoever came first leads, even if it speaks of itself as we cannot understand.
    const auto info = decode<NimbusInfo>(node->data);
    standing.leader = info.ok() ? std::optional(*info) : std::nullopt;
  }
  if (!first) return {};
  if (first->second == own) standing.token = LeaderToken{own, first->first};
  return {.standing = standing};
}

std::unique_ptr<Election> Election::start(ClusterState& state, NimbusInfo self,
                                          std::function<void()> changed) {
  return std::make_unique<RunningElection>(state, std::move(self), std::move(changed));
}

}  // namespace rafale::coord
