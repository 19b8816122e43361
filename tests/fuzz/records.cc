// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Records and floors: what is accepted names only what is there, and comes back when written again.

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/target.h"
#include "worker/ack/record_writer.h"
#include "worker/transport/wire_format.h"

namespace rafale::worker {
namespace {

/// A book of texts as the receiver keeps one: the same text has one number.
struct Book {
  std::uint32_t note(std::string_view text) {
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (texts[i] == text) return static_cast<std::uint32_t>(i + 1);
    }
    texts.emplace_back(text);
    return static_cast<std::uint32_t>(texts.size());
  }
  std::vector<std::string> texts;
};

void check(TaskId task, const RecordBlock& block) {
  for (const Record& record : block.records) {
    RAFALE_FUZZ_CHECK(record.spout.task == task);
    RAFALE_FUZZ_CHECK(static_cast<std::size_t>(record.code) < kFailureCodes);
    RAFALE_FUZZ_CHECK(record.deltas == 0 ||
                      std::size_t{record.deltas} - 1 + record.n <= block.deltas.size());
    const bool has_token = record.kind == RecordKind::park || record.kind == RecordKind::release;
    RAFALE_FUZZ_CHECK(!has_token || record.token < block.tokens.size());
  }
}

/// Reads all sections; gives back what was accepted as bytes.
std::string read(std::string_view bytes, Book& book, bool& ok) {
  RecordBlockPool pool;
  std::string written;
  wire::Reader reader(std::span(&bytes, 1));
  const wire::RecordSink sink{
      .take = [&pool] { return pool.take(); },
      .block =
          [&](TaskId task, RecordBlock* block) {
            check(task, *block);
            wire::append_records(
                task, *block, [&book](std::uint32_t number) { return book.texts.at(number - 1); },
                written);
            pool.give_back(block);
          },
      .floor = [&written](const wire::Floor& floor) { wire::append_floor(floor, written); },
      .note = [&book](TaskId, std::string_view text) { return book.note(text); }};
  ok = wire::read_records(reader, sink).ok();
  return written;
}

}  // namespace
}  // namespace rafale::worker

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  rafale::worker::Book book;
  bool ok = false;
  const std::string once = rafale::worker::read(rafale::fuzz::view_of(data, size), book, ok);
  const std::string twice = rafale::worker::read(once, book, ok);
  RAFALE_FUZZ_CHECK(ok);
  RAFALE_FUZZ_CHECK(once == twice);
  return 0;
}
