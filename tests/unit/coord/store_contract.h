// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The promises of coord/store.h as tests that every store passes: the twin in memory and ZooKeeper.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "coord/store.h"

namespace rafale::coord {

/// Servers with one tree, and ways to hurt the clients that it gave out.
class StoreWorld {
 public:
  virtual ~StoreWorld() = default;
  /// A client, connected. Destroyed before the world.
  virtual std::unique_ptr<Store> open() = 0;
  /// The same, with a session that ends soon after the servers last heard of it.
  virtual std::unique_ptr<Store> open_short_lived() { return open(); }
  /// No server answers this client. It has noticed on return; its session lives on.
  virtual void cut(Store& store) = 0;
  /// Ends a cut.
  virtual void mend(Store& store) = 0;
  /// The servers end the client's session. One that is not cut off has a new one on return.
  virtual void expire(Store& store) = 0;
  /// No server hears of this client, until its session ends by itself. May return before it does.
  virtual void silence(Store& store) = 0;
  /// The client's next write happens, but its connection breaks before the answer.
  virtual void lose_next_answer(Store& store) = 0;
};

/// Makes a world; null, after a GTEST_SKIP, if that cannot be done here.
struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<StoreWorld>()> make;
};
inline void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }

/// Waits for what other threads bring about. Any thread.
class Happenings {
 public:
  /// Runs `change`, after which a condition may be true.
  template <class Change>
  void note(Change change) {
    {
      const std::lock_guard lock(mutex_);
      change();
    }
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  /// Looks again and again, for what nobody notes.
  template <class Condition>
  static bool look(Condition condition) {
    Happenings nobody;
    std::unique_lock lock(nobody.mutex_);
    for (auto left = kPatience; left.count() > 0; left -= kPause) {
      if (condition()) return true;
      nobody.changed_.wait_for(lock, kPause);
    }
    return false;
  }
  template <class Value>
  auto read(Value value) {
    const std::lock_guard lock(mutex_);
    return value();
  }

 private:
  static constexpr std::chrono::milliseconds kPatience{60'000};
  static constexpr std::chrono::milliseconds kPause{5};
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Each test in a world of its own, with a client and a folder to work in.
class StoreContract : public testing::TestWithParam<StoreKind> {
 protected:
  void SetUp() override;
  /// A path below the test's folder.
  std::string in(std::string_view name) const { return folder_ + "/" + std::string(name); }
  /// A persistent node.
  void make(const std::string& path, const std::string& data = "");

  std::unique_ptr<StoreWorld> world_;
  std::unique_ptr<Store> store_;
  std::string folder_ = "/contract";
};

}  // namespace rafale::coord
