// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Counts the words of a text file. The first topology to read, and one to copy.
//
//   rafale local word_count.so --until-done -c words.file=book.txt -c words.parallelism=4
//
// Every line is processed at least once. So the counts are exact as long as nothing fails; after a
// failure the words of a repeated line may count twice.
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "connectors/file/line_reader.h"
#include "connectors/file/output_directory.h"
#include "rafale/rafale.h"
#include "topologies/word_count/results.h"
#include "topologies/word_count/word_table.h"

namespace {

using namespace rafale;
using namespace rafale::words;

/// What a byte of a word is in lower case; 0 for bytes between words.
constexpr std::array<char, 256> kLower = [] {
  std::array<char, 256> table{};
  for (char c = 'a'; c <= 'z'; ++c) {
    table[static_cast<unsigned char>(c)] = table[static_cast<unsigned char>(c - 'a' + 'A')] = c;
  }
  table['\''] = '\'';
  return table;
}();

/// Emits the lines of a file, several times over if asked to. Of n tasks each takes every n-th.
class Lines final : public ReplaySpout {
 public:
  Lines(std::string file, std::int64_t times) : file_(std::move(file)), times_left_(times) {}

  void start(SpoutContext&) override {
    if (file_.empty()) throw std::invalid_argument("no text: set words.file, -c words.file=FILE");
    reader_.emplace(file_);
  }

  Next produce(ReplayCollector& out) override {
    connectors::Line line;
    while (reader_->next(line)) {
      if (line.number % context().task_count() != context().task_index()) continue;
      out.emit(line.text);
      return Next::emitted();
    }
    if (--times_left_ <= 0) return Next::done();
    reader_ = connectors::LineReader(file_);
    return Next::emitted();
  }

 private:
  std::string file_;
  std::int64_t times_left_;
  std::optional<connectors::LineReader> reader_;
};

/// Emits the words of a line: runs of letters and apostrophes, in lower case.
class Split final : public BasicBolt {
 public:
  void execute(const Tuple& in, BasicCollector& out) override {
    line_.assign(in.get<std::string_view>(0)).push_back(' ');
    const char* word = line_.data();
    for (char& c : line_) {
      c = kLower[static_cast<unsigned char>(c)];
      if (c != 0) continue;
      if (&c != word) out.emit(std::string_view(word, &c));
      word = &c + 1;
    }
  }

 private:
  std::string line_;
};

/// Counts the words that come to its task, and adds them to the results when the topology ends.
class Count final : public BasicBolt {
 public:
  explicit Count(std::shared_ptr<Results> results) : results_(std::move(results)) {}

  void prepare(TaskContext& context) override {
    results_->join();
    word_ = context.input("split").field<std::string_view>("word");
  }
  void execute(const Tuple& in, BasicCollector&) override { ++counts_[in.get(word_)]; }
  void cleanup() override { results_->leave(counts_); }

 private:
  std::shared_ptr<Results> results_;
  Field<std::string_view> word_;
  WordTable counts_;
};

}  // namespace

RAFALE_TOPOLOGY("word_count", builder) {
  const auto file = builder.option("words.file", "", "text to count, plain or .zst");
  const auto repeat = builder.option("words.repeat", 1, "how often to read it");
  const auto parallelism = builder.option("words.parallelism", 1, "tasks of each component");
  const auto output = builder.option("words.output", "", "directory for counts.tsv");
  const auto top = builder.option("words.top", 10, "words to print if there is no words.output");
  if (repeat < 1 || top < 0 || parallelism < 1 || parallelism > 1024) {
    builder.mistake("words.repeat, words.top and words.parallelism are counts");
  }
  if (auto why = connectors::refuse_output_directory(output, false);
      !output.empty() && !why.empty()) {
    builder.mistake("words.output: " + why);
  }

  const auto tasks = static_cast<std::uint32_t>(parallelism);
  builder.spout("lines", [=] { return std::make_unique<Lines>(file, repeat); })
      .output({{"line", FieldType::string}})
      .parallelism(tasks);
  builder.bolt("split", [] { return std::make_unique<Split>(); })
      .local_or_shuffle("lines")
      .output({{"word", FieldType::string}})
      .parallelism(tasks);
  const auto results = std::make_shared<Results>(output, static_cast<std::size_t>(top));
  builder.bolt("count", [=] { return std::make_unique<Count>(results); })
      .fields("split", {"word"})
      .parallelism(tasks);
}
