// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A hash table from words to counts that allocates for new words only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "rafale/hash.h"

namespace rafale::words {

/// Open addressing with linear probing, at most half full; the words lie one after another in one
/// string. Not thread-safe.
class WordTable {
 public:
  WordTable() : slots_(kFirstSlots) {}

  /// The count of `word`, 0 if it is new. Valid until the next call.
  std::uint64_t& operator[](std::string_view word) {
    const std::uint64_t hash = hash_bytes(kHashSeed, FieldType::string, word);
    // The low half chose the task, so among the words of one task the high half tells more.
    for (std::size_t at = hash >> 32;; ++at) {
      Slot& slot = slots_[at & (slots_.size() - 1)];
      if (!slot.used) return insert(word, hash, slot);
      if (slot.hash == hash && text(slot) == word) return slot.count;
    }
  }

  std::size_t size() const { return size_; }

  /// Calls use(word, count) for each word, in no order.
  template <class F>
  void for_each(F use) const {
    for (const Slot& slot : slots_) {
      if (slot.used) use(text(slot), slot.count);
    }
  }

 private:
  static constexpr std::size_t kFirstSlots = 1024;  // a power of two

  struct Slot {
    std::uint64_t hash = 0;
    std::uint64_t count = 0;
    std::uint64_t offset = 0;  // of the word in letters_
    std::uint32_t length = 0;
    bool used = false;
  };

  std::string_view text(const Slot& slot) const {
    return {letters_.data() + slot.offset, slot.length};
  }

  std::uint64_t& insert(std::string_view word, std::uint64_t hash, Slot& slot) {
    if (2 * size_ >= slots_.size()) {
      grow();
      return (*this)[word];
    }
    slot = {hash, 0, letters_.size(), static_cast<std::uint32_t>(word.size()), true};
    letters_.insert(letters_.end(), word.begin(), word.end());
    ++size_;
    return slot.count;
  }

  void grow() {
    std::vector<Slot> larger(2 * slots_.size());
    for (const Slot& slot : slots_) {
      if (!slot.used) continue;
      std::size_t at = slot.hash >> 32;
      while (larger[at & (larger.size() - 1)].used) ++at;
      larger[at & (larger.size() - 1)] = slot;
    }
    slots_.swap(larger);
  }

  std::vector<Slot> slots_;
  std::vector<char> letters_;
  std::size_t size_ = 0;
};

}  // namespace rafale::words
