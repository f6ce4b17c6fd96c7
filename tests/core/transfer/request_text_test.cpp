#include "transfer/request_text.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dodici {
namespace {

using namespace std::string_literals;

TEST(RequestText, FindsItsParts) {
  const std::string text = "https://[::1]:8443\0GET\0/a\0s.test\0a: 1\0b: 2\0"s;
  const RequestText parts(text);
  EXPECT_TRUE(parts.isTls());
  EXPECT_EQ(parts.hostInUrl(), "[::1]");
  EXPECT_EQ(parts.host(), "::1");
  EXPECT_EQ(parts.port(), "8443");
  EXPECT_STREQ(parts.method(), "GET");
  EXPECT_STREQ(parts.target(), "/a");
  EXPECT_EQ(parts.servername(), "s.test");
  EXPECT_EQ(parts.addresses(), "");
  std::vector<std::string> lines;
  parts.forEachHeaderLine([&lines](const char* line) { lines.emplace_back(line); });
  EXPECT_EQ(lines, (std::vector<std::string>{"a: 1", "b: 2"}));
}

TEST(RequestText, TakesAddressesBehindTheServername) {
  const std::string named = "https://a.test:443\0GET\0/\0s.test\n1.2.3.4,[::1]\0"s;
  EXPECT_EQ(RequestText(named).servername(), "s.test");
  EXPECT_EQ(RequestText(named).addresses(), "1.2.3.4,[::1]");

  const std::string unnamed = "http://a.test:80\0GET\0/\0\n1.2.3.4\0"s;
  EXPECT_EQ(RequestText(unnamed).servername(), "");
  EXPECT_EQ(RequestText(unnamed).addresses(), "1.2.3.4");
}

}  // namespace
}  // namespace dodici
