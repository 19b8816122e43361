// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Layout, little endian: "RAFCTR1\n", u32 blocks, u32 crc32c of the directory, u64 offset of the
// numbers, then for each block u8 length, name, u32 count, u8 packed; numbers begin on a page, each
// block that is not packed on cache lines of its own.

#include "common/counter_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crc32c.h"

namespace rafale::common {
namespace {

constexpr std::string_view kMagic = "RAFCTR1\n";
constexpr std::size_t kHead = 24;
constexpr std::size_t kLine = 128;  // processors fetch lines in pairs
constexpr std::size_t kPage = 4096;
constexpr std::uint32_t kMostBlocks = 1u << 20;

std::size_t rounded(std::size_t value, std::size_t to) { return (value + to - 1) / to * to; }

template <class T>
void append(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
bool take(std::string_view& from, T& value) {
  if (from.size() < sizeof value) return false;
  std::memcpy(&value, from.data(), sizeof value);
  from.remove_prefix(sizeof value);
  return true;
}

absl::Status failure(const std::string& path, const char* what) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", what, ": ", std::strerror(errno)));
}

class MappedCounterFile final : public CounterFile {
 public:
  MappedCounterFile(char* memory, std::size_t size, std::vector<std::size_t> offsets,
                    std::vector<std::uint32_t> counts)
      : memory_(memory), size_(size), offsets_(std::move(offsets)), counts_(std::move(counts)) {}
  ~MappedCounterFile() override { munmap(memory_, size_); }

  std::span<std::atomic<std::uint64_t>> block(std::size_t index) override {
    return {reinterpret_cast<std::atomic<std::uint64_t>*>(memory_ + offsets_[index]),
            counts_[index]};
  }

 private:
  char* memory_;
  std::size_t size_;
  std::vector<std::size_t> offsets_;
  std::vector<std::uint32_t> counts_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<CounterFile>> CounterFile::create(
    const std::string& path, const std::vector<CounterBlock>& blocks) {
  std::string directory;
  for (const CounterBlock& block : blocks) {
    if (block.name.size() > 255) {
      return absl::InvalidArgumentError(absl::StrCat("a counter's name is too long: ", block.name));
    }
    append(directory, static_cast<std::uint8_t>(block.name.size()));
    directory += block.name;
    append(directory, block.count);
    append(directory, static_cast<std::uint8_t>(block.packed));
  }
  const std::size_t first = rounded(kHead + directory.size(), kPage);
  std::vector<std::size_t> offsets;
  std::vector<std::uint32_t> counts;
  offsets.reserve(blocks.size());
  counts.reserve(blocks.size());
  std::size_t end = first;
  for (const CounterBlock& block : blocks) {
    if (!block.packed) end = rounded(end, kLine);
    offsets.push_back(end);
    counts.push_back(block.count);
    end += block.count * sizeof(std::uint64_t);
  }
  std::string head(kMagic);
  append(head, static_cast<std::uint32_t>(blocks.size()));
  append(head, crc32c(0, directory.data(), directory.size()));
  append(head, static_cast<std::uint64_t>(first));
  head += directory;

  const std::string fresh = path + ".new";
  const int fd = open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failure(fresh, "cannot be made");
  const std::size_t size = rounded(end, kPage);
  const bool written = posix_fallocate(fd, 0, static_cast<off_t>(size)) == 0 &&
                       pwrite(fd, head.data(), head.size(), 0) == static_cast<ssize_t>(head.size());
  void* memory = written
                     ? mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0)
                     : MAP_FAILED;
  close(fd);
  if (memory == MAP_FAILED) return failure(fresh, "cannot be written");
  if (rename(fresh.c_str(), path.c_str()) != 0) {
    munmap(memory, size);
    return failure(path, "cannot be replaced");
  }
  return std::make_unique<MappedCounterFile>(static_cast<char*>(memory), size, std::move(offsets),
                                             std::move(counts));
}

absl::StatusOr<std::vector<CounterValues>> read_counter_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto broken = [&path](const char* what) {
    return absl::DataLossError(absl::StrCat(path, " is no file of counters: ", what));
  };
  std::string_view rest = text;
  if (!rest.starts_with(kMagic)) return broken("it begins otherwise");
  rest.remove_prefix(kMagic.size());
  std::uint32_t count = 0;
  std::uint32_t sum = 0;
  std::uint64_t at = 0;
  if (!take(rest, count) || !take(rest, sum) || !take(rest, at) || count > kMostBlocks) {
    return broken("its head is cut");
  }
  const char* directory = rest.data();
  std::vector<CounterValues> values(count);
  for (CounterValues& value : values) {
    std::uint8_t length = 0;
    if (!take(rest, length) || rest.size() < length) return broken("its directory is cut");
    value.block.name = std::string(rest.substr(0, length));
    rest.remove_prefix(length);
    std::uint8_t packed = 0;
    if (!take(rest, value.block.count) || !take(rest, packed)) {
      return broken("its directory is cut");
    }
    value.block.packed = packed != 0;
  }
  if (crc32c(0, directory, static_cast<std::size_t>(rest.data() - directory)) != sum) {
    return broken("its directory is damaged");
  }
  for (CounterValues& value : values) {
    const std::size_t bytes = std::size_t{value.block.count} * sizeof(std::uint64_t);
    if (!value.block.packed) at = rounded(at, kLine);
    if (at > text.size() || text.size() - at < bytes) return broken("it is shorter than it says");
    value.values.resize(value.block.count);
    std::memcpy(value.values.data(), text.data() + at, bytes);
    at += bytes;
  }
  return values;
}

}  // namespace rafale::common
