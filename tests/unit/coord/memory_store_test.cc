// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The twin in memory keeps the promises of coord/store.h.

#include "coord/memory_store.h"

#include "tests/unit/coord/store_contract.h"

namespace rafale::coord {
namespace {

class MemoryWorld final : public StoreWorld {
 public:
  std::unique_ptr<Store> open() override { return std::make_unique<MemoryStore>(tree_); }
  void cut(Store& store) override { of(store).suspend(); }
  void mend(Store& store) override { of(store).resume(); }
  void expire(Store& store) override { of(store).expire(); }
  void silence(Store& store) override {
    of(store).suspend();
    of(store).expire();
  }
  void lose_next_answer(Store& store) override { of(store).lose_next_answer(); }

 private:
  static MemoryStore& of(Store& store) { return static_cast<MemoryStore&>(store); }
  MemoryTree tree_;
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         testing::Values(StoreKind{
                             "memory", [] { return std::make_unique<MemoryWorld>(); }}));

}  // namespace
}  // namespace rafale::coord
