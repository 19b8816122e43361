// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Programs that do only the hot work of a data plane, without its features: what the machine can do
// at best, in the same minute as our own numbers.
#include <unistd.h>

#include <memory>
#include <regex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/case.h"
#include "bench/program.h"

namespace rafale::bench {
namespace {

class Yardstick final : public Case {
 public:
  Yardstick(std::string name, const std::string& command) : Case(std::move(name), command) {
    std::istringstream words(command);
    for (std::string word; words >> word;) {
      argv_.push_back(word);
    }
  }

  std::string missing(const Options& options) override {
    const std::string program = options.yardsticks + "/" + argv_[0];
    return ::access(program.c_str(), X_OK) == 0 ? "" : "there is no program " + program;
  }

  void round(const Options& options) override {
    std::vector<std::string> argv = argv_;
    argv[0] = options.yardsticks + "/" + argv[0];
    const std::string text = output_of_program(argv);
    const double rate = number(text, "(?:Mt|Mwords)/s=([0-9.]+)");
    series_.add({rate, 1, rate / number(text, "(?:Mt|Mwords)/cpu_s=([0-9.]+)")});
  }

 private:
  /// The number of millions behind a label.
  static double number(const std::string& text, const char* pattern) {
    std::smatch match;
    if (!std::regex_search(text, match, std::regex(pattern))) {
      throw std::runtime_error("a yardstick wrote no result: " + text);
    }
    return std::stod(match[1]) * 1e6;
  }

  std::vector<std::string> argv_;
};

}  // namespace

void add_yardsticks(Cases& yardsticks) {
  const auto add = [&](const char* name, const char* command) {
    yardsticks.push_back(std::make_unique<Yardstick>(name, command));
  };
  add("t2_acked", "t2 9 1024 0.5");
  add("t2_unacked", "t2 0 1024 0.5");
  add("ip_pool2x2", "ip flat mpsc pool2x2 1024 0.5 0 0 20 16");
  add("wc", "wc wc2");
  add("e2e_acked_unix", "e2e uds 65536 20 1 0.7");
  add("e2e_unacked_unix", "e2e uds 65536 20 0 0.7");
  add("e2e_acked_tcp", "e2e tcp 65536 20 1 0.7");
  add("e2e_unacked_tcp", "e2e tcp 65536 20 0 0.7");
  add("raw_unix", "raw uds tp 65536 20 0.5");
  add("raw_tcp", "raw tcp tp 65536 20 0.5");
}

}  // namespace rafale::bench
