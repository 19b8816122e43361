// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Objects of a library are read from its file as the loader would place them in memory.

#include "worker/plugin/elf_file.h"

#include <cstdint>

#include <gtest/gtest.h>

#include "rafale/plugin.h"
#include "tests/unit/worker/plugin/fixture.h"

namespace rafale::worker {
namespace {

TEST(ElfFile, ReadsAnExportedObject) {
  const auto file = ElfFile::open(fixture("good"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->has_symbols());
  const auto at = file->symbol("rafale_plugin");
  ASSERT_TRUE(at);
  EXPECT_EQ(file->read<std::uint64_t>(*at), PluginDescriptor::kMagic);
  EXPECT_EQ(file->read<std::uint32_t>(*at + 8), kAbiVersion);
  const auto compiler = file->pointer(*at + offsetof(PluginDescriptor, compiler));
  ASSERT_TRUE(compiler);
  EXPECT_EQ(file->text(*compiler), RAFALE_COMPILER);
  const auto name = file->pointer(*at + offsetof(PluginDescriptor, name));
  ASSERT_TRUE(name);
  EXPECT_EQ(file->text(*name), "good");
}

TEST(ElfFile, FindsNoSymbolThatIsOnlyUsedOrNearlySo) {
  const auto file = ElfFile::open(fixture("undefined"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->symbol("rafale_plugin"));
  EXPECT_FALSE(file->symbol("_ZN6rafale28function_of_a_later_releaseEi"));
  EXPECT_FALSE(file->symbol("rafale_plug"));
  EXPECT_FALSE(file->symbol("rafale_plugin_"));
}

TEST(ElfFile, HasNothingOutsideItsSegments) {
  const auto file = ElfFile::open(fixture("good"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_FALSE(file->read<std::uint64_t>(std::uint64_t{1} << 40));
  EXPECT_FALSE(file->read<std::uint64_t>(~std::uint64_t{0}));
  EXPECT_FALSE(file->text(~std::uint64_t{0} - 3));
}

}  // namespace
}  // namespace rafale::worker
