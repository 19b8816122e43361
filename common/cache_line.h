// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Keeps what one thread writes all the time off the cache lines of another.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace rafale::common {

/// Two lines of 64 bytes, as x86 processors fetch them in pairs. For alignas() of classes whose
/// objects belong to one thread each.
inline constexpr std::size_t kCacheLines = 128;

/// Gives every allocation cache lines of its own.
template <class T>
struct CacheLineAllocator {
  using value_type = T;

  CacheLineAllocator() = default;
  template <class U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}

  T* allocate(std::size_t n) {
    return static_cast<T*>(::operator new (whole_lines(n), std::align_val_t{kCacheLines}));
  }
  void deallocate(T* at, std::size_t) { ::operator delete (at, std::align_val_t{kCacheLines}); }
  friend bool operator==(const CacheLineAllocator&, const CacheLineAllocator&) { return true; }

 private:
  static std::size_t whole_lines(std::size_t n) {
    return (n * sizeof(T) + kCacheLines - 1) / kCacheLines * kCacheLines;
  }
};

/// A vector that shares no cache line with anything else.
template <class T>
using CacheLineVector = std::vector<T, CacheLineAllocator<T>>;

}  // namespace rafale::common
