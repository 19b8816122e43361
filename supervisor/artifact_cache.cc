// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files of the cache.

#include "supervisor/artifact_cache.h"

#include <chrono>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/durable_file.h"
#include "common/sha256.h"

namespace rafale::supervisor {
namespace {

namespace fs = std::filesystem;
constexpr std::chrono::hours kKept{1};

}  // namespace

ArtifactCache::ArtifactCache(std::string dir, Download download)
    : dir_(std::move(dir)), download_(std::move(download)) {}

absl::StatusOr<std::string> ArtifactCache::get(const std::string& sha256) {
  std::string path = dir_ + "/" + sha256;
  std::error_code error;
  const auto here = common::sha256_of_file(path);
  if (here.ok() && *here == sha256) {
    fs::last_write_time(path, fs::file_time_type::clock::now(), error);
    return path;
  }
  fs::remove(path, error);
  const auto bytes = download_(sha256);
  if (!bytes.ok()) return bytes.status();
  if (common::sha256(*bytes) != sha256) {
    return absl::DataLossError(absl::StrCat("blob ", sha256, " arrived damaged"));
  }
  absl::Status written = common::make_private_folders(dir_);
  if (written.ok()) written = common::write_durably(path, *bytes);
  if (!written.ok()) return written;
  return path;
}

void ArtifactCache::clean(const std::set<std::string>& used) {
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (const auto& file : fs::directory_iterator(dir_, error)) {
    if (used.contains(file.path().filename())) continue;
    const auto touched = file.last_write_time(error);
    if (!error && now - touched > kKept) fs::remove(file.path(), error);
  }
}

}  // namespace rafale::supervisor
