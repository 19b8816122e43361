// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The Rafale authors
//
// What lines of access logs say, and what is wrong with those that say nothing.
#include "topologies/page_visits/access_log.h"

#include <string>

#include <gtest/gtest.h>

namespace rafale::visits {
namespace {

const std::string kHead = "10.0.0.1 - frank [17/May/2015:10:05:03 +0200] ";

TEST(AccessLog, ReadsTheCommonFormat) {
  Visit visit;
  ASSERT_EQ(parse_access_line(kHead + R"("GET /a/b?x=1 HTTP/1.1" 200 2326)", visit), nullptr);
  EXPECT_EQ(visit.minute_ms, 1431849900000);  // 08:05 UTC
  const std::string line = kHead + R"("GET /a/b?x=1 HTTP/1.1" 200 -)";
  ASSERT_EQ(parse_access_line(line, visit), nullptr);
  EXPECT_EQ(visit.user, "10.0.0.1");
  EXPECT_EQ(visit.page, "/a/b");
}

TEST(AccessLog, ReadsTheCombinedFormatWithQuotesInIt) {
  Visit visit;
  for (const char* tail : {R"x( 200 5 "http://r/" "agent "quoted" (x)")x", R"x( 304 - "-" "-")x",
                           R"x( 200 5 "" "")x"}) {
    const std::string line = kHead + R"("GET /p HTTP/1.0")" + tail;
    ASSERT_EQ(parse_access_line(line, visit), nullptr) << line;
    EXPECT_EQ(visit.page, "/p");
  }
}

TEST(AccessLog, TakesARequestAsItCame) {
  Visit visit;
  const std::string odd = kHead + R"("GET /a"b HTTP/1.0" 400 0)";
  ASSERT_EQ(parse_access_line(odd, visit), nullptr);
  EXPECT_EQ(visit.page, "/a\"b");
  const std::string bare = kHead + R"("GET /" 200 5)";
  ASSERT_EQ(parse_access_line(bare, visit), nullptr);
  EXPECT_EQ(visit.page, "/");
}

TEST(AccessLog, SaysWhatIsMissing) {
  const auto reason = [](const std::string& line) {
    Visit visit;
    const char* text = parse_access_line(line, visit);
    return std::string(text == nullptr ? "" : text);
  };
  EXPECT_EQ(reason(""), "host, ident and user are not all there");
  EXPECT_EQ(reason("a b"), "host, ident and user are not all there");
  EXPECT_EQ(reason("h - - \"GET / HTTP/1.0\" 200 1"), "the time in brackets is missing");
  for (const char* time : {"[17/Mai/2015:10:05:03 +0000]", "[31/Feb/2015:10:05:03 +0000]",
                           "[17/May/2015:24:05:03 +0000]", "[17/May/2015 10:05:03]", "[]"}) {
    EXPECT_EQ(reason(std::string("h - - ") + time + R"( "GET / HTTP/1.0" 200 1)"),
              "the time is not one such as 17/May/2015:10:05:03 +0000")
        << time;
  }
  EXPECT_EQ(reason(kHead), "the request in quotes is missing");
  for (const char* tail : {"", " 200", " 20 5", " abc 5", " 200 5x", " 200 5 \"r\"", " 200 "}) {
    EXPECT_EQ(reason(kHead + R"("GET / HTTP/1.0")" + tail),
              "status and bytes do not follow the request")
        << tail;
  }
  EXPECT_EQ(reason(kHead + R"("-" 408 -)"), "the request names no page");
}

}  // namespace
}  // namespace rafale::visits
