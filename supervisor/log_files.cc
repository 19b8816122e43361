// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files and lines.

#include "supervisor/log_files.h"

#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/utf8.h"

namespace rafale::supervisor {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::milliseconds kPoll{200};

bool bears(const std::string& line, const std::string& component) {
  return component.empty() || line.find("[" + component) != std::string::npos;
}

}  // namespace

std::string log_folder(const std::string& log_dir, const std::string& topology,
                       std::uint32_t port) {
  return absl::StrCat(log_dir, "/workers/", topology, "/", port);
}

std::uint64_t size_of(const std::string& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  return error ? 0 : size;
}

void rotate_log(const std::string& path, std::int64_t most) {
  if (size_of(path) <= static_cast<std::uint64_t>(most)) return;
  std::error_code error;
  fs::rename(path + ".1", path + ".2", error);
  fs::copy_file(path, path + ".1", fs::copy_options::overwrite_existing, error);
  if (!error) fs::resize_file(path, 0, error);
}

std::string last_words(const std::string& path, std::uint64_t from, std::size_t most) {
  std::ifstream in(path, std::ios::binary);
  const std::uint64_t size = size_of(path);
  if (!in || size <= from) return {};
  const std::uint64_t begin = size - from > most ? size - most : from;
  in.seekg(static_cast<std::streamoff>(begin));
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (begin > from) text.erase(0, text.find('\n') + 1);
  while (text.ends_with('\n')) text.pop_back();
  return common::valid_utf8(text);
}

void read_log(const std::string& path, std::uint32_t lines, bool follow,
              const std::string& component, const std::function<bool()>& stop,
              const std::function<bool(const std::string& line)>& give) {
  std::ifstream in(path);
  std::deque<std::string> last;
  std::string line;
  while (std::getline(in, line)) {
    if (!bears(line, component)) continue;
    last.push_back(line);
    if (last.size() > lines) last.pop_front();
  }
  for (const std::string& kept : last) {
    if (!give(kept)) return;
  }
  std::string partial;
  while (follow && !stop()) {
    in.clear();
    const auto at = in.tellg();
    if (at > 0 && size_of(path) < static_cast<std::uint64_t>(at)) in.seekg(0);  // it was cut
    if (!in.is_open() || !std::getline(in, line)) {
      if (!in.is_open()) in.open(path);
      std::this_thread::sleep_for(kPoll);
      continue;
    }
    if (in.eof()) {  // a line that is being written
      partial += line;
      std::this_thread::sleep_for(kPoll);
      continue;
    }
    line.insert(0, std::exchange(partial, {}));
    if (bears(line, component) && !give(line)) return;
  }
}

}  // namespace rafale::supervisor
