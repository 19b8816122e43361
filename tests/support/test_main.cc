// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
// The main of every test program: makes skipped tests visible, and refuses to pass without a test.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

constexpr int kSkipped = 77;  // SKIP_RETURN_CODE in cmake/RafaleTest.cmake

// Writes "Suite.Test: reason" for each skipped test to $RAFALE_SKIP_DIR/$RAFALE_TEST_NAME, which
// ./dev test shows beside the program's line.
class SkipReport : public testing::EmptyTestEventListener {
 public:
  SkipReport() {
    const char* dir = std::getenv("RAFALE_SKIP_DIR");
    const char* name = std::getenv("RAFALE_TEST_NAME");
    if (dir == nullptr || name == nullptr) return;
    std::error_code ignored;
    std::filesystem::create_directories(dir, ignored);
    path_ = std::filesystem::path(dir) / name;
    std::filesystem::remove(path_, ignored);
  }

  void OnTestEnd(const testing::TestInfo& test) override {
    if (path_.empty() || !test.result()->Skipped()) return;
    std::ofstream report(path_, std::ios::app);
    report << test.test_suite_name() << '.' << test.name() << ':';
    for (int i = 0; i < test.result()->total_part_count(); ++i) {
      report << ' ' << test.result()->GetTestPartResult(i).message();
    }
    report << '\n';
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  testing::UnitTest& all = *testing::UnitTest::GetInstance();
  all.listeners().Append(new SkipReport);  // owned by GoogleTest from here on
  const int result = RUN_ALL_TESTS();
  if (result != 0 || testing::GTEST_FLAG(list_tests)) return result;
  if (all.test_to_run_count() == 0) {
    std::fprintf(stderr, "no test was run\n");
    return 1;
  }
  if (all.successful_test_count() == 0 && all.skipped_test_count() > 0) return kSkipped;
  return 0;
}
