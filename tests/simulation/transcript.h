// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files of commands and of what follows from them, compared as text.
//
// A line that begins with "> " is a command, one that begins with "#" a comment; all others are
// what the command before them led to. RAFALE_REWRITE=1 writes what follows now into the files:
// read the difference before you commit it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "tests/support/scratch.h"

namespace rafale::simulation {

using Words = std::vector<std::string>;
/// Does a command, given as its words; returns the lines that follow from it.
using Player = std::function<std::vector<std::string>(const Words& words)>;

/// The transcripts of a folder below tests/simulation/transcripts/, by name.
inline std::vector<std::string> transcripts_of(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(RAFALE_TRANSCRIPTS "/" + folder)) {
    files.push_back(folder + "/" + entry.path().filename().string());
  }
  std::ranges::sort(files);
  return files;
}

inline void play(const std::string& file, const Player& player) {
  const std::string path = RAFALE_TRANSCRIPTS "/" + file;
  const std::string before = support::read_file(path);
  std::string after;
  for (const std::string& line : support::lines_of(before)) {
    if (line.starts_with('#') || line.empty()) after += line + "\n";
    if (!line.starts_with("> ")) continue;
    after += line + "\n";
    const Words words = absl::StrSplit(line.substr(2), ' ', absl::SkipEmpty());
    for (const std::string& follows : player(words)) after += follows + "\n";
  }
  if (std::getenv("RAFALE_REWRITE") != nullptr) support::write_file(path, after);
  EXPECT_FALSE(before.empty()) << path;
  EXPECT_EQ(support::lines_of(after), support::lines_of(before)) << file;
}

/// "coordinator/worker_dies.txt" as a part of a test's name.
inline std::string test_name(const std::string& file) {
  return std::filesystem::path(file).stem().string();
}

}  // namespace rafale::simulation
