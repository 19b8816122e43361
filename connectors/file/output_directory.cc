// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Looks at the file system before a run begins, so that no run mixes its results with another's.
#include "connectors/file/output_directory.h"

#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace rafale::connectors {

namespace fs = std::filesystem;

std::string refuse_output_directory(const std::string& path, bool append) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  const bool missing = status.type() == fs::file_type::not_found;
  if (missing && error != std::errc::not_a_directory) {
    return {};
  }
  if (missing || status.type() == fs::file_type::none) {
    return "cannot look at " + path + ": " + error.message();
  }
  if (status.type() != fs::file_type::directory) {
    return path + " is not a directory";
  }
  const bool empty = fs::is_empty(path, error);
  if (error) {
    return "cannot look into " + path + ": " + error.message();
  }
  if (!empty && !append) {
    return "the directory " + path + " is not empty";
  }
  return {};
}

void make_output_directory(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error) {
    throw std::runtime_error("cannot make the directory " + path + ": " + error.message());
  }
}

}  // namespace rafale::connectors
