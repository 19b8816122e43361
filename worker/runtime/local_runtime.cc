// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// A whole topology in this process.
#include "worker/runtime/local_runtime.h"

#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "worker/runtime/topology_runtime.h"

namespace rafale::worker {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kCloseGrace{2000};

/// Owns the runtime, and lets go of it when a thread of it hangs in user code: better some memory
/// lost at the end of the process than a process that does not end.
class RuntimeHandle final : public LocalRuntime {
 public:
  explicit RuntimeHandle(std::unique_ptr<TopologyRuntime> runtime) : runtime_(std::move(runtime)) {}
  ~RuntimeHandle() override {
    if (runtime_->stuck()) {
      static_cast<void>(runtime_.release());
    }
  }
  absl::Status open() {
    // Bolts first: no tuple comes before every bolt is prepared.
    absl::Status status = runtime_->prepare();
    if (status.ok()) {
      status = runtime_->open();
    }
    if (status.ok()) {
      runtime_->set_active(true);
    } else {
      runtime_->close(kCloseGrace);
    }
    return status;
  }
  bool wait_until_done(milliseconds at_most) override { return runtime_->wait_until_done(at_most); }
  bool stop(milliseconds at_most) override { return runtime_->stop(at_most); }
  void activate() override { runtime_->set_active(true); }
  void deactivate() override { runtime_->set_active(false); }
  Snapshot snapshot() const override { return runtime_->snapshot(); }

 private:
  std::unique_ptr<TopologyRuntime> runtime_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LocalRuntime>> LocalRuntime::start(Topology topology,
                                                                  LocalOptions options) {
  std::unique_ptr<RuntimeHandle> handle;
  try {
    handle = std::make_unique<RuntimeHandle>(std::make_unique<TopologyRuntime>(
        std::move(topology), TopologyRuntime::Options{.threads = options.threads,
                                                      .dead_letter_dir = options.dead_letter_dir,
                                                      .on_error = options.on_error}));
  } catch (const std::exception& e) {  // a setting of a wrong type, or a factory that throws
    return absl::InvalidArgumentError(e.what());
  }
  absl::Status opened = handle->open();
  if (!opened.ok()) {
    return opened;
  }
  return handle;
}

}  // namespace rafale::worker
