// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Which file is which, and what comes after its end.
#include "connectors/file/log_follower.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace rafale::connectors {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kReadBytes = std::size_t{64} << 10;
constexpr std::size_t kHeadBytes = 256;  // of the first line that are hashed

struct Identity {
  std::uint64_t inode = 0;
  std::uint64_t head = 0;
  std::uint64_t size = 0;
  std::int64_t changed_ns = 0;
};

/// FNV-1a of the first line, as far as it is short; 0 if there is no whole one yet.
std::uint64_t head_of(int fd) {
  std::array<char, kHeadBytes> bytes{};
  const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
  if (got <= 0) return 0;
  std::string_view head(bytes.data(), static_cast<std::size_t>(got));
  const std::size_t end = head.find('\n');
  if (end == std::string_view::npos && head.size() < kHeadBytes) return 0;
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : head.substr(0, end)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  return hash == 0 ? 1 : hash;
}

std::optional<Identity> identify(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  struct stat about {};
  std::optional<Identity> identity;
  if (::fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
    identity = Identity{about.st_ino, head_of(fd), static_cast<std::uint64_t>(about.st_size),
                        std::int64_t{about.st_mtim.tv_sec} * 1'000'000'000 + about.st_mtim.tv_nsec};
  }
  ::close(fd);
  return identity;
}

bool is(const Identity& file, const LogPlace& place) {
  return file.inode == place.inode && (place.head == 0 || file.head == place.head) &&
         file.size >= place.offset;
}

}  // namespace

LogFollower::LogFollower(std::string path, std::optional<LogPlace> from, std::size_t max_line)
    : path_(std::move(path)), max_line_(max_line) {
  if (from && from->inode != 0) {
    open_first(*from);
  } else if (from) {
    place_.lines = from->lines;
  }
}

LogFollower::~LogFollower() { close(); }

// Finds the file of a place, and those that were rotated after it.
void LogFollower::open_first(const LogPlace& from) {
  place_ = from;
  if (const auto current = identify(path_); current && is(*current, from)) {
    open(path_, from.offset);
    return;
  }
  const fs::path own(path_);
  const fs::path folder = own.has_parent_path() ? own.parent_path() : fs::path(".");
  std::vector<std::pair<std::int64_t, std::string>> rotated;  // by the time of their last change
  std::optional<std::int64_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name == own.filename() || !name.starts_with(own.filename().string())) continue;
    const auto file = identify(entry.path().string());
    if (!file) continue;
    if (is(*file, from)) found = file->changed_ns;
    rotated.emplace_back(file->changed_ns, entry.path().string());
  }
  std::ranges::sort(rotated);
  for (const auto& [changed, file] : rotated) {
    if (found && changed >= *found) older_.push_back(file);
  }
  if (found) {
    // Several may have changed at the same moment.
    const auto first = std::ranges::find_if(older_, [&](const std::string& file) {
      const auto identity = identify(file);
      return identity && is(*identity, from);
    });
    older_.erase(older_.begin(), first);
    const std::string file = older_.front();
    older_.pop_front();
    open(file, from.offset);
    return;
  }
  notes_.push_back("'" + path_ +
                   "': the file that was read last is gone; what it had beyond line " +
                   std::to_string(from.lines) + " of all is lost, and reading begins anew");
  place_ = LogPlace{.lines = from.lines};
}

bool LogFollower::open(const std::string& path, std::uint64_t offset) {
  close();
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) {
    if (errno == ENOENT) return false;
    throw std::runtime_error("cannot read '" + path + "': " + std::strerror(errno));
  }
  struct stat about {};
  ::fstat(fd_, &about);
  ::lseek(fd_, static_cast<off_t>(offset), SEEK_SET);
  open_path_ = path;
  device_ = about.st_dev;
  place_.inode = about.st_ino;
  place_.head = head_of(fd_);
  place_.offset = offset;
  return true;
}

void LogFollower::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  buffer_.clear();
  begin_ = 0;
}

bool LogFollower::next(std::string_view& line) {
  while (true) {
    if (fd_ < 0 && !next_file()) return false;
    if (take_line(line, true)) return true;
    if (read_more()) continue;
    if (was_truncated()) {
      open(open_path_, 0);
      continue;
    }
    struct stat current {};
    const bool there = ::stat(path_.c_str(), &current) == 0;
    const bool rotated = open_path_ != path_ ||
                         (there && (current.st_ino != place_.inode || current.st_dev != device_));
    if (!rotated) return false;
    // Its writer may have written a last time between our reading and the rotation.
    if (read_more()) continue;
    if (take_line(line, false)) return true;
    if (!next_file()) return false;
  }
}

// Gives the line at the front of the buffer; with `whole_only` not one without its line feed.
bool LogFollower::take_line(std::string_view& line, bool whole_only) {
  const std::string_view rest = std::string_view(buffer_).substr(begin_);
  std::size_t end = rest.find('\n');
  std::size_t taken = end + 1;
  const bool too_long = end == std::string_view::npos ? rest.size() >= max_line_ : end > max_line_;
  if (too_long) {
    notes_.push_back("'" + open_path_ + "': a line is longer than " + std::to_string(max_line_) +
                     " bytes and is cut in pieces");
    end = taken = max_line_;
  } else if (end == std::string_view::npos) {
    if (rest.empty() || whole_only) return false;
    end = taken = rest.size();
  }
  line = rest.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  begin_ += taken;
  place_.offset += taken;
  ++place_.lines;
  return true;
}

bool LogFollower::read_more() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t had = buffer_.size();
  if (had >= max_line_) return false;
  buffer_.resize(had + kReadBytes);
  ssize_t got = 0;
  do {
    got = ::read(fd_, buffer_.data() + had, kReadBytes);
  } while (got < 0 && errno == EINTR);
  buffer_.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  if (got < 0) {
    throw std::runtime_error("cannot read '" + open_path_ + "': " + std::strerror(errno));
  }
  if (got > 0 && place_.head == 0) place_.head = head_of(fd_);
  return got > 0;
}

bool LogFollower::was_truncated() const {
  struct stat about {};
  return ::fstat(fd_, &about) == 0 &&
         static_cast<std::uint64_t>(about.st_size) < place_.offset + buffer_.size() - begin_;
}

bool LogFollower::next_file() {
  while (!older_.empty()) {
    const std::string file = older_.front();
    older_.pop_front();
    if (open(file, 0)) return true;
    notes_.push_back("'" + file + "' is gone before it was read");
  }
  return open(path_, 0);
}

std::vector<std::string> LogFollower::take_notes() { return std::exchange(notes_, {}); }

}  // namespace rafale::connectors
