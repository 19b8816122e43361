// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Finding who leads by asking: whoever does not lead refuses, and names the one that does.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include "common/rpc/channel.h"
#include "common/security.h"

namespace grpc {
class ServerContext;
}

namespace rafale::common {

/// Adds to a refusal who leads; nothing for an empty address.
void name_leader(grpc::ServerContext& context, const std::string& address);
/// Whom a refusal named; "" if nobody.
std::string named_leader(const grpc::ClientContext& context);

/// What came of asking one address.
struct Asked {
  bool done = false;  ///< ask nobody else
  std::string named;  ///< who is to be asked next; "" if nobody was named
};

/// Asks the candidates in order, whom one names before all others, and nobody twice. Looks at no
/// more than `most` of them. Returns with whom it was done, "" if with nobody.
std::string find_leader(std::vector<std::string> candidates, std::size_t most,
                        const std::function<Asked(const std::string& address)>& ask);

/// Short calls of one service at whoever leads, again and again. call() from one thread at a time,
/// cancel() from any.
template <class Service>
class LeaderLine {
 public:
  using Stub = typename Service::Stub;

  LeaderLine(Security security, std::chrono::milliseconds deadline)
      : security_(std::move(security)), deadline_(deadline) {}

  /// Calls `rpc(stub, context)`, which returns a grpc::Status, at who answered last, then at
  /// `known`. Whether somebody answered OK.
  template <class Rpc>
  bool call(std::vector<std::string> known, Rpc rpc) {
    if (!leader_.empty()) known.insert(known.begin(), leader_);
    bool answered = false;
    leader_ = find_leader(std::move(known), kMost, [&](const std::string& address) -> Asked {
      std::unique_ptr<Stub>& stub = stubs_[address];
      if (stub == nullptr) stub = Service::NewStub(make_channel(address, security_));
      grpc::ClientContext context;
      set_deadline(context, deadline_);
      if (!begin(context)) return {.done = true, .named = {}};
      answered = rpc(*stub, context).ok();
      end();
      if (answered) return {.done = true, .named = {}};
      stubs_.erase(address);  // a fresh channel tries at once, this one only after a pause
      return {.done = false, .named = named_leader(context)};
    });
    return answered;
  }

  /// Ends the call that is under way; later ones are not made.
  void cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (context_ != nullptr) context_->TryCancel();
  }

 private:
  static constexpr std::size_t kMost = 8;

  bool begin(grpc::ClientContext& context) {
    const std::lock_guard lock(mutex_);
    if (!cancelled_) context_ = &context;
    return !cancelled_;
  }
  void end() {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }

  const Security security_;
  const std::chrono::milliseconds deadline_;
  std::string leader_;  // as of the last call
  std::map<std::string, std::unique_ptr<Stub>> stubs_;
  std::mutex mutex_;
  grpc::ClientContext* context_ = nullptr;
  bool cancelled_ = false;
};

}  // namespace rafale::common
