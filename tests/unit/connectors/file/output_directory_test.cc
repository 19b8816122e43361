// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// Tests of the directory that receives results.
#include "connectors/file/output_directory.h"

#include <filesystem>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace rafale::connectors {
namespace {

using support::Scratch;
using support::write_file;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(OutputDirectory, IsWelcomeIfMissingOrEmpty) {
  const Scratch dir;
  EXPECT_EQ(refuse_output_directory(dir / "new/deep", false), "");
  EXPECT_EQ(refuse_output_directory(dir.path(), false), "");
  EXPECT_FALSE(std::filesystem::exists(dir / "new"));
}

TEST(OutputDirectory, IsRefusedIfItHoldsSomething) {
  const Scratch dir;
  write_file(dir / "f", "");
  EXPECT_THAT(refuse_output_directory(dir.path(), false), HasSubstr(dir.path() + " is not empty"));
  EXPECT_EQ(refuse_output_directory(dir.path(), true), "");
}

TEST(OutputDirectory, IsRefusedIfItIsAFile) {
  const Scratch dir;
  write_file(dir / "f", "");
  EXPECT_THAT(refuse_output_directory(dir / "f", true), HasSubstr("f is not a directory"));
  EXPECT_THAT(refuse_output_directory(dir / "f/g", true), HasSubstr("f/g"));
}

TEST(OutputDirectory, IsMadeWithThoseAboveIt) {
  const Scratch dir;
  make_output_directory(dir / "a/b");
  make_output_directory(dir / "a/b");
  EXPECT_TRUE(std::filesystem::is_directory(dir / "a/b"));
  write_file(dir / "f", "");
  EXPECT_THAT([&] { make_output_directory(dir / "f/g"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("f/g")));
}

}  // namespace
}  // namespace rafale::connectors
