// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Word count over generated lines, as the plugin word_count.so does it.
#include <cstdint>
#include <memory>
#include <string>

#include "bench/temporary_file.h"
#include "bench/topology_run.h"
#include "bench/zipf_text.h"

namespace rafale::bench {
namespace {

class WordCountCase final : public Case {
 public:
  WordCountCase(std::int64_t parallelism, std::shared_ptr<TemporaryFile> file)
      : Case("word_count_p" + std::to_string(parallelism),
             "lines of 10 words from a vocabulary of 10 000 -> split -> count, acked; words", "wc"),
        parallelism_(parallelism),
        file_(std::move(file)) {}

  void round(const Options& options) override {
    if (file_->path().empty()) {
      file_->write(zipf_text());
    }
    Config config;
    config.set("words.file", file_->path());
    config.set("words.repeat", std::int64_t{1'000'000'000});
    config.set("words.top", 0);
    config.set("words.parallelism", parallelism_);
    with_plugin(options, "word_count.so", config, [&](const Topology& topology) {
      series_.add(run_for_window(topology, options, executed_by("count"), outcome_));
    });
  }
  nlohmann::ordered_json details() const override { return outcome_.to_json(); }

 private:
  std::int64_t parallelism_;
  std::shared_ptr<TemporaryFile> file_;
  Outcome outcome_;
};

}  // namespace

void add_word_count_cases(Cases& cases) {
  const auto file = std::make_shared<TemporaryFile>();
  for (const std::int64_t parallelism : {1, 2}) {
    cases.push_back(std::make_unique<WordCountCase>(parallelism, file));
  }
}

}  // namespace rafale::bench
