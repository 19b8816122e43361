// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Files that are there whole, or as they were.
#include "rafale/durable_file.h"

#include <filesystem>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace rafale {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
namespace fs = std::filesystem;

TEST(DurableFile, HasTheLastContentAndNothingBesideIt) {
  const support::Scratch dir;
  const std::string path = dir / "position";
  write_durably(path, std::string(1 << 20, 'x'));
  EXPECT_EQ(fs::file_size(path), std::size_t{1} << 20);
  write_durably(path, std::string_view("a\0b", 3));
  EXPECT_EQ(support::read_file(path), std::string("a\0b", 3));
  write_durably(path, "");
  EXPECT_EQ(support::read_file(path), "");
  EXPECT_FALSE(fs::exists(path + ".new"));
}

TEST(DurableFile, IsAsItWasWhenItCannotBeWritten) {
  const support::Scratch dir;
  const std::string path = dir / "position";
  write_durably(path, "before");
  fs::create_directory(path + ".new");
  EXPECT_THAT([&] { write_durably(path, "after"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("'" + path + ".new': Is a directory")));
  EXPECT_EQ(support::read_file(path), "before");
  EXPECT_THAT([&] { write_durably(dir / "no folder/position", "x"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("no folder/position.new': No such")));
}

}  // namespace
}  // namespace rafale
