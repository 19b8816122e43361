// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Batches, one after the other: one that is accepted lies within its bytes and is written as read.

#include <string>
#include <string_view>

#include "rafale/row.h"
#include "tests/fuzz/target.h"
#include "worker/transport/wire_format.h"

namespace rafale::worker {
namespace {

void check(const Batch& batch) {
  RAFALE_FUZZ_CHECK(batch.rows >= 1 && batch.rows <= Batch::kMaxRows);
  RAFALE_FUZZ_CHECK(batch.bytes <= batch.capacity());
  std::size_t at = 0;
  for (std::uint32_t i = 0; i < batch.rows; ++i) {
    RAFALE_FUZZ_CHECK(at + 8 <= batch.bytes);
    at += row::length(batch.data() + at);
  }
  RAFALE_FUZZ_CHECK(at == batch.bytes);
  for (const Run& run : batch.runs) {
    RAFALE_FUZZ_CHECK(std::size_t{run.first_row} + run.n <= batch.rows);
    RAFALE_FUZZ_CHECK(run.deltas == 0 ||
                      std::size_t{run.deltas} - 1 + run.n <= batch.deltas.size());
  }
}

/// Written again it is as long as it was, and its rows, runs and numbers are the same.
void check_written(const Batch& batch, const wire::BatchHeader& header, std::string_view given) {
  std::string written;
  wire::append_batch_head(batch, static_cast<std::int64_t>(header.age_ns), written);
  written.append(batch.data(), batch.bytes);
  RAFALE_FUZZ_CHECK(written.size() == given.size());
  constexpr std::size_t kAge = 24;  // one beyond 292 years is written as none
  RAFALE_FUZZ_CHECK(written.substr(0, kAge) == given.substr(0, kAge));
  const std::size_t runs = wire::kBatchHeader + batch.runs.size() * sizeof(Run);
  const std::size_t parts = runs + batch.deltas.size();
  RAFALE_FUZZ_CHECK(written.substr(kAge + 8, parts - kAge - 8) ==
                    given.substr(kAge + 8, parts - kAge - 8));
  RAFALE_FUZZ_CHECK(written.substr(header.rows_at) == given.substr(header.rows_at));
}

void read(std::string_view bytes) {
  BatchPool pool;
  wire::Reader reader(std::span(&bytes, 1));
  while (reader.left() > 0) {
    const std::size_t before = reader.left();
    const auto read = wire::read_batch(reader, Batch::kBlockBytes,
                                       [&pool](std::size_t size) { return pool.take(size); });
    if (!read.ok()) return;
    const auto& [batch, header] = *read;
    check(*batch);
    check_written(*batch, header, bytes.substr(bytes.size() - before, before - reader.left()));
    batch->release();
  }
}

}  // namespace
}  // namespace rafale::worker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rafale::worker::read(rafale::fuzz::view_of(data, size));
  return 0;
}
