// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// The order in which Nimbuses are asked.

#include "common/rpc/leader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rafale::common {
namespace {

using ::testing::ElementsAre;

class FindLeader : public testing::Test {
 protected:
  std::string find(std::vector<std::string> candidates, std::size_t most = 8) {
    asked_.clear();
    return find_leader(std::move(candidates), most, [this](const std::string& address) {
      asked_.push_back(address);
      return Asked{.done = address == leader_, .named = names_[address]};
    });
  }

  std::string leader_ = "c";
  std::map<std::string, std::string> names_;
  std::vector<std::string> asked_;
};

TEST_F(FindLeader, AsksInOrderUntilOneAnswers) {
  EXPECT_EQ(find({"a", "b", "c", "d"}), "c");
  EXPECT_THAT(asked_, ElementsAre("a", "b", "c"));
}

TEST_F(FindLeader, AsksNextWhomOneNames) {
  names_["a"] = "c";
  EXPECT_EQ(find({"a", "b"}), "c");
  EXPECT_THAT(asked_, ElementsAre("a", "c"));
}

TEST_F(FindLeader, AsksNobodyTwice) {
  names_ = {{"a", "b"}, {"b", "a"}};
  EXPECT_EQ(find({"a", "a", "b"}), "");
  EXPECT_THAT(asked_, ElementsAre("a", "b"));
}

TEST_F(FindLeader, EndsAtItsBound) {
  EXPECT_EQ(find({"a", "b", "c"}, 2), "");
  EXPECT_THAT(asked_, ElementsAre("a", "b"));
}

}  // namespace
}  // namespace rafale::common
