// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A server of ZooKeeper for a test, on a free port, in a folder of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace rafale::coord {

/// Starts with start(); killed at the end of the test.
class ZookeeperServer {
 public:
  /// Why there is none on this machine; empty if there is.
  static std::string skip_reason();

  /// Waits until it answers. Its data are those of an earlier start().
  void start();
  /// As a crash does it.
  void kill();
  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  bool answers() const;

  const support::Scratch scratch_;
  std::uint16_t port_ = 0;
  std::unique_ptr<support::Process> process_;
};

}  // namespace rafale::coord
