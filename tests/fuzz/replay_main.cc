// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Runs a fuzz target without libFuzzer: on each file of a folder, then on mutations of them that
// are the same each time.
//
// usage: fuzz_TARGET CORPUS [ROUNDS]     all files of the folder, and ROUNDS mutations of them
//        fuzz_TARGET FILE                this input only
//
// While an input runs it lies in fuzz_TARGET.PID.input in the working directory, and stays there if
// the target dies of it.

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "common/random.h"
#include "tests/fuzz/target.h"

namespace rafale::fuzz {
namespace {

constexpr std::uint64_t kSeed = 20'260'101;
constexpr unsigned long kRounds = 20'000;
constexpr std::size_t kMostBytes = 64 * 1024;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// Calls the target; the input lies on the disk meanwhile.
class Runner {
 public:
  explicit Runner(std::string path)
      : path_(std::move(path)), file_(std::fopen(path_.c_str(), "wb")) {}
  ~Runner() {
    if (file_ != nullptr) std::fclose(file_);
    std::error_code error;
    std::filesystem::remove(path_, error);
  }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void run(const std::string& input) {
    if (file_ != nullptr) {
      std::rewind(file_);
      std::fwrite(input.data(), 1, input.size(), file_);
      std::fflush(file_);
      if (ftruncate(fileno(file_), static_cast<off_t>(input.size())) != 0) std::abort();
    }
    // A copy of exactly this size: the sanitizer then sees a read beyond the end.
    const std::vector<std::uint8_t> exact(input.begin(), input.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
  }

 private:
  const std::string path_;
  std::FILE* file_;
};

/// Numbers that lengths and counts like to break at.
std::uint64_t odd_number(common::Random& random) {
  static constexpr std::uint64_t kOdd[] = {
      0,          1,          7,          8,           255,
      256,        0x7fff,     0xffff,     0x10000,     0x7fffffff,
      0x80000000, 0xfffffff8, 0xffffffff, 0x100000000, ~std::uint64_t{0}};
  return kOdd[random.below(std::size(kOdd))] + random.below(3) - 1;
}

void change(std::string& input, const std::vector<std::string>& corpus, common::Random& random) {
  const std::size_t at = random.below(input.size() + 1);
  const std::size_t left = input.size() - at;
  switch (random.below(8)) {
    case 0:  // one bit
      if (left > 0) input[at] = static_cast<char>(input[at] ^ (1 << random.below(8)));
      break;
    case 1:  // one byte
      if (left > 0) input[at] = static_cast<char>(random.next());
      break;
    case 2: {  // a number of 1, 2, 4 or 8 bytes
      const std::uint64_t number = odd_number(random);
      const std::size_t size = std::min<std::size_t>(std::size_t{1} << random.below(4), left);
      for (std::size_t i = 0; i < size; ++i) input[at + i] = static_cast<char>(number >> (8 * i));
      break;
    }
    case 3:  // gone
      input.erase(at, random.below(std::min<std::size_t>(left, 16) + 1));
      break;
    case 4:  // new
      input.insert(at, 1 + random.below(16), static_cast<char>(random.next()));
      break;
    case 5:  // cut
      input.resize(at);
      break;
    case 6: {  // a part once more
      const std::string part = input.substr(at, random.below(64));
      input.insert(random.below(input.size() + 1), part);
      break;
    }
    default: {  // a part of another
      const std::string& other = corpus[random.below(corpus.size())];
      const std::string part = other.substr(random.below(other.size() + 1), random.below(256));
      input.replace(at, std::min(part.size(), left), part);
      break;
    }
  }
  if (input.size() > kMostBytes) input.resize(kMostBytes);
}

std::vector<std::string> read_corpus(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  std::vector<std::string> corpus;
  corpus.reserve(paths.size());
  for (const auto& path : paths) corpus.push_back(read_file(path));
  return corpus;
}

int replay(const std::string& program, const std::string& folder, unsigned long rounds) {
  const std::vector<std::string> corpus = read_corpus(folder);
  if (corpus.empty()) {
    std::fprintf(stderr, "there is no file in %s\n", folder.c_str());
    return 1;
  }
  Runner runner(std::filesystem::path(program).filename().string() + "." +
                std::to_string(getpid()) + ".input");
  runner.run("");
  for (const std::string& input : corpus) runner.run(input);
  common::Random random(kSeed);
  for (unsigned long round = 0; round < rounds; ++round) {
    std::string input = corpus[random.below(corpus.size())];
    for (std::uint64_t changes = 1 + random.below(5); changes > 0; --changes) {
      change(input, corpus, random);
    }
    runner.run(input);
  }
  std::printf("%zu files, %lu mutations\n", corpus.size(), rounds);
  return 0;
}

}  // namespace
}  // namespace rafale::fuzz

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS [ROUNDS] | FILE\n", argv[0]);
    return 2;
  }
  if (std::filesystem::is_directory(argv[1])) {
    const unsigned long rounds =
        argc > 2 ? std::strtoul(argv[2], nullptr, 10) : rafale::fuzz::kRounds;
    return rafale::fuzz::replay(argv[0], argv[1], rounds);
  }
  const std::string input = rafale::fuzz::read_file(argv[1]);
  const std::vector<std::uint8_t> exact(input.begin(), input.end());
  return LLVMFuzzerTestOneInput(exact.data(), exact.size());
}
