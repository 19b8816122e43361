// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// Blobs are what their names say, or they are not there.

#include "nimbus/blob_store.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "common/sha256.h"
#include "tests/support/scratch.h"

namespace rafale::nimbus {
namespace {

class BlobStoreTest : public testing::Test {
 protected:
  absl::Status upload(const std::string& announced, std::uint64_t size, const std::string& bytes) {
    auto upload = store_->begin(announced, size);
    if (!upload.ok()) return upload.status();
    absl::Status added = (*upload)->add(bytes);
    return added.ok() ? (*upload)->finish() : added;
  }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(dir_.path())) {
      ++count;
    }
    return count;
  }

  support::Scratch dir_;
  common::SimulatedClock clock_;
  std::unique_ptr<BlobStore> store_ = *BlobStore::open(dir_.path(), 1000, clock_);
  const std::string hash_ = common::sha256("bytes");
};

TEST_F(BlobStoreTest, KeepsWhatMatchesItsName) {
  EXPECT_TRUE(upload(hash_, 5, "bytes").ok());
  EXPECT_EQ(*store_->get(hash_), "bytes");
  EXPECT_EQ(*store_->put("bytes"), hash_);
}

TEST_F(BlobStoreTest, LeavesNothingBehindOfWhatIsRefused) {
  EXPECT_FALSE(upload(hash_, 5, "other").ok());
  EXPECT_FALSE(upload(hash_, 4, "bytes").ok());
  EXPECT_FALSE(upload(hash_, 5, "byte").ok());
  EXPECT_FALSE(upload("../../etc/passwd", 5, "bytes").ok());
  EXPECT_FALSE(upload(hash_, 1001, "bytes").ok());
  EXPECT_EQ(files(), 0u);
  EXPECT_FALSE(store_->has(hash_));
}

TEST_F(BlobStoreTest, GivesNothingThatWasDamagedOnTheDisk) {
  EXPECT_TRUE(upload(hash_, 5, "bytes").ok());
  support::write_file(dir_ / hash_, "bytEs");
  EXPECT_TRUE(absl::IsDataLoss(store_->get(hash_).status()));
  EXPECT_FALSE(store_->has(hash_));
}

TEST_F(BlobStoreTest, LetsOnlyItsOwnerUseAHandleAndOnlyForAnHour) {
  const std::string handle = store_->make_handle(hash_, "ann");
  EXPECT_EQ(*store_->redeem(handle, "ann"), hash_);
  EXPECT_FALSE(store_->redeem(handle, "bob").ok());
  EXPECT_FALSE(store_->redeem("guess", "ann").ok());
  clock_.advance(std::chrono::minutes(61));
  EXPECT_FALSE(store_->redeem(handle, "ann").ok());
}

}  // namespace
}  // namespace rafale::nimbus
