// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Recycling of batches.
#include "worker/batch/batch.h"

namespace rafale::worker {

void Batch::release() {
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    home_->give_back(this);
  }
}

Batch* BatchPool::take(std::size_t bytes) {
  if (bytes > Batch::kBlockBytes) {
    allocated_.fetch_add(1, std::memory_order_relaxed);
    return new Batch(this, static_cast<std::uint32_t>(bytes));
  }
  Batch* batch = idle_.take();
  if (batch == nullptr) {
    allocated_.fetch_add(1, std::memory_order_relaxed);
    return new Batch(this, Batch::kBlockBytes);
  }
  batch->rows = batch->bytes = 0;
  batch->limits_ = Batch::kNear;
  batch->runs.clear();
  batch->deltas.clear();
  batch->reported_runs = batch->reported_in_run = 0;
  batch->refs_.store(1, std::memory_order_relaxed);
  return batch;
}

void BatchPool::give_back(Batch* batch) {
  if (batch->capacity() > Batch::kBlockBytes) {
    allocated_.fetch_sub(1, std::memory_order_relaxed);
    delete batch;
  } else {
    idle_.give_back(batch);
  }
}

}  // namespace rafale::worker
