// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What comes back from the completion queue.
#pragma once

#include <functional>
#include <utility>

namespace rafale::worker {

/// One kind of operation of one call; done() runs on the I/O thread when it completes.
class CallTag {
 public:
  explicit CallTag(std::function<void(bool ok)> then) : then_(std::move(then)) {}
  CallTag(const CallTag&) = delete;
  CallTag& operator=(const CallTag&) = delete;
  void done(bool ok) { then_(ok); }

 private:
  std::function<void(bool)> then_;
};

}  // namespace rafale::worker
