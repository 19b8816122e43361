// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The steps of a tuple's way one by one: encoding, decoding, hashing, tracking.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bench/case.h"
#include "rafale/hash.h"
#include "rafale/row.h"
#include "rafale/tuple.h"
#include "worker/ack/roots.h"
#include "worker/ack/tracker.h"

namespace rafale::bench {
namespace {

constexpr std::uint64_t kChunk = 4096;
constexpr std::string_view kText = "twenty bytes of text";

/// Keeps the compiler from leaving out what computes `value`.
template <class T>
void use(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

/// `step` does kChunk operations.
template <class F>
class MicroCase final : public Case {
 public:
  MicroCase(std::string name, std::string what, F step)
      : Case("micro_" + std::move(name), std::move(what)), step_(std::move(step)) {}

  void round(const Options& options) override {
    const auto length = static_cast<std::int64_t>(options.seconds * 1e9);
    const double cpu = cpu_seconds();
    const std::int64_t begin = now_ns();
    std::uint64_t done = 0;
    do {
      step_();
      done += kChunk;
    } while (options.iterations != 0 ? done < options.iterations : now_ns() - begin < length);
    series_.add({static_cast<double>(done), static_cast<double>(now_ns() - begin) * 1e-9,
                 cpu_seconds() - cpu});
  }
  nlohmann::ordered_json details() const override {
    return {{"ns_per_operation", rounded(1e9 / series_.rate().median)}};
  }

 private:
  F step_;
};

template <class F>
void add(Cases& cases, std::string name, std::string what, F step) {
  cases.push_back(
      std::make_unique<MicroCase<F>>(std::move(name), std::move(what), std::move(step)));
}

void add_row_cases(Cases& cases) {
  add(cases, "encode", "write {20-byte string, int64}",
      [buffer = std::array<char, 64>(), number = std::int64_t{0}]() mutable {
        for (std::uint64_t i = 0; i < kChunk; ++i) {
          const std::size_t bytes = row::encoded_size(kText, ++number);
          row::encode(buffer.data(), bytes, kText, number);
          use(buffer);
        }
      });
  std::array<char, 64> encoded{};
  row::encode(encoded.data(), row::encoded_size(kText, 1), kText, 1);
  const Schema schema{{"text", FieldType::string}, {"number", FieldType::int64}};
  add(cases, "decode", "read both fields of {20-byte string, int64}",
      [encoded, text = schema.field<std::string_view>("text"),
       number = schema.field<std::int64_t>("number")] {
        for (std::uint64_t i = 0; i < kChunk; ++i) {
          const Tuple tuple(encoded.data(), nullptr, 1, 0);
          use(tuple.get(text).back() + tuple.get(number));
        }
      });
  for (const std::size_t length : {5, 20}) {
    const std::string text = "hash_" + std::to_string(length);
    std::array<char, 64> word{};
    const std::string_view given = kText.substr(0, length);
    row::encode(word.data(), row::encoded_size(given), given);
    add(cases, text, "choose one of 3 tasks by a string of that length", [word]() mutable {
      for (std::uint64_t i = 0; i < kChunk; ++i) {
        use(word);
        use(fastrange(hash_field(kHashSeed, word.data(), 0), 3));
      }
    });
  }
}

/// A root's life in the tracker when its edges are acked in runs of kChunk.
void add_tracker_case(Cases& cases) {
  const auto tracker = std::make_shared<worker::Tracker>(
      worker::Tracker::Options{.self = {1, 7}, .ring = 2 * kChunk});
  add(cases, "tracker", "open a root, ack its edge, drain its completion",
      [tracker, edges = worker::EdgeSource(1)]() mutable {
        const std::uint64_t edge = edges.next();
        worker::Record record{.kind = worker::RecordKind::ack,
                              .n = kChunk,
                              .spout = tracker->self(),
                              .root0 = tracker->next(),
                              .edge = edge};
        for (std::uint64_t i = 0; i < kChunk; ++i) {
          tracker->open(i, edge);
        }
        tracker->apply(record, {});
        use(tracker->completions().back());
        tracker->completions().clear();
      });
}

}  // namespace

void add_micro_cases(Cases& cases) {
  add_row_cases(cases);
  add_tracker_case(cases);
}

}  // namespace rafale::bench
