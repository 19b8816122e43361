// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Lines, marks and holes.
#include "cli/dead_letter_box.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <istream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "common/durable_file.h"

namespace rafale::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kBlock = 4096;  // what a hole is made of

std::string text_of(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_of(const Json& json, const char* name, std::int64_t otherwise) {
  const auto found = json.find(name);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : otherwise;
}

// FNV-1a: names a letter by its line, which has its time, place and content.
std::uint64_t mark_of(std::string_view line) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : line) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

absl::Status failure(const std::string& what, const std::string& path) {
  return absl::FailedPreconditionError(
      fmt::format("cannot {} '{}': {}", what, path, std::strerror(errno)));
}

/// A file descriptor that closes itself.
class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes, off_t at) {
  while (!bytes.empty()) {
    const ssize_t written = at < 0 ? ::write(fd, bytes.data(), bytes.size())
                                   : ::pwrite(fd, bytes.data(), bytes.size(), at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    if (at >= 0) at += written;
  }
  return true;
}

}  // namespace

absl::StatusOr<StoredLetter> parse_letter(const std::string& line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object() || !json.contains("record")) {
    return absl::InvalidArgumentError("the line is no dead letter");
  }
  StoredLetter letter;
  letter.record = text_of(json, "record");
  if (const std::string hex = text_of(json, "record_hex"); !hex.empty()) {
    letter.record = absl::HexStringToBytes(hex);
    letter.text = false;
  }
  letter.reason = text_of(json, "reason");
  letter.component = text_of(json, "component");
  letter.source = text_of(json, "source");
  letter.topology = text_of(json, "topology");
  letter.task = number_of(json, "task", 0);
  letter.attempts = number_of(json, "attempts", 0);
  letter.position = number_of(json, "position", -1);
  letter.time_ms = number_of(json, "time", 0);
  letter.size = line.size();
  letter.mark = mark_of(line);
  return letter;
}

Json to_json(const StoredLetter& letter) {
  Json json{
      {"time", letter.time_ms},  {"topology", letter.topology}, {"component", letter.component},
      {"task", letter.task},     {"reason", letter.reason},     {"attempts", letter.attempts},
      {"source", letter.source}, {"position", letter.position}, {"replayed", letter.replayed}};
  if (letter.text) {
    json["record"] = letter.record;
  } else {
    json["record_hex"] = std::string(absl::BytesToHexString(letter.record));
  }
  return json;
}

DeadLetterBox::DeadLetterBox(std::string directory)
    : file_((fs::path(directory) / "dead_letters.jsonl").string()),
      marks_file_((fs::path(directory) / "dead_letters.replayed").string()) {}

absl::StatusOr<DeadLetterBox> DeadLetterBox::open(const std::string& directory) {
  DeadLetterBox box(directory);
  box.read_marks();
  if (const absl::Status status = box.read(); !status.ok()) return status;
  return box;
}

void DeadLetterBox::read_marks() {
  const auto text = common::read_whole(marks_file_);
  if (!text.ok()) return;
  for (std::string_view rest = *text; rest.size() > 16; rest.remove_prefix(17)) {
    std::uint64_t mark = 0;
    std::from_chars(rest.data(), rest.data() + 16, mark, 16);
    marks_.insert(mark);
  }
}

absl::Status DeadLetterBox::read() {
  if (!fs::exists(file_)) {
    return absl::NotFoundError(fmt::format("there are no dead letters: no file '{}'", file_));
  }
  const auto text = common::read_whole(file_);
  if (!text.ok()) return text.status();
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size());
    // What was removed is blanks, and zeros where the disk has a hole.
    std::size_t begin = at;
    while (begin < end && ((*text)[begin] == ' ' || (*text)[begin] == '\0')) ++begin;
    at = end + 1;
    if (begin == end) continue;
    auto letter = parse_letter(text->substr(begin, end - begin));
    if (!letter.ok() || end == text->size()) {
      ++unreadable_;
      continue;
    }
    letter->offset = begin;
    letter->replayed = marks_.contains(letter->mark);
    letters_.push_back(*std::move(letter));
  }
  return absl::OkStatus();
}

absl::Status DeadLetterBox::mark_replayed(const std::vector<const StoredLetter*>& letters) {
  std::string lines;
  for (const StoredLetter* letter : letters) {
    if (marks_.insert(letter->mark).second) lines += fmt::format("{:016x}\n", letter->mark);
  }
  const File file(marks_file_, O_WRONLY | O_CREAT | O_APPEND);
  if (file.fd() < 0) return failure("open", marks_file_);
  if (!write_all(file.fd(), lines, -1) || ::fdatasync(file.fd()) != 0) {
    return failure("write", marks_file_);
  }
  return absl::OkStatus();
}

absl::Status DeadLetterBox::remove(const std::vector<const StoredLetter*>& letters) {
  const File file(file_, O_WRONLY);
  if (file.fd() < 0) return failure("open", file_);
  for (const StoredLetter* letter : letters) {
    const std::string blanks(letter->size, ' ');
    if (!write_all(file.fd(), blanks, static_cast<off_t>(letter->offset))) {
      return failure("write", file_);
    }
    // Whole blocks within the line can be given back; that some file systems cannot is no error.
    const std::size_t first = (letter->offset + kBlock - 1) / kBlock * kBlock;
    const std::size_t last = (letter->offset + letter->size) / kBlock * kBlock;
    if (last > first) {
      ::fallocate(file.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(first),
                  static_cast<off_t>(last - first));
    }
  }
  return ::fdatasync(file.fd()) == 0 ? absl::OkStatus() : failure("write", file_);
}

std::vector<StoredLetter> read_letters(std::istream& in, std::size_t& unreadable) {
  std::vector<StoredLetter> letters;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    if (auto letter = parse_letter(line); letter.ok()) {
      letters.push_back(*std::move(letter));
    } else {
      ++unreadable;
    }
  }
  return letters;
}

std::string dead_letters_home() {
  // The same rule as the runtime's.
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path base =
      state != nullptr && fs::path(state).is_absolute()
          ? fs::path(state)
          : fs::path(home == nullptr || *home == '\0' ? "." : home) / ".local" / "state";
  return (base / "rafale" / "dead_letters").string();
}

}  // namespace rafale::cli
