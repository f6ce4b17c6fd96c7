// HeaderBlock and the headers for framing and for the connection.
#include "http/header_block.h"
#include "http/header_lines.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace dodici {
namespace {

struct Framing {
  std::vector<std::string_view> fields;
  bool good;
};

class HeaderBlockFraming : public testing::TestWithParam<Framing> {};

TEST_P(HeaderBlockFraming, IsRefusedWhenAmbiguous) {
  HeaderBlock block(kLimit);
  HeaderProgress progress = block.onLine("HTTP/1.1 200 OK\r\n");
  for (const std::string_view field : GetParam().fields) {
    ASSERT_EQ(progress, HeaderProgress::none);
    progress = block.onLine(field);
  }
  if (!GetParam().good) {
    EXPECT_EQ(progress, HeaderProgress::failed);
    EXPECT_EQ(block.error().code, Errc::malformedResponse);
    return;
  }
  EXPECT_EQ(progress, HeaderProgress::none);
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    HeaderBlockFraming,
    testing::Values(
        Framing{{"Content-Length: 5\r\n", "content-length: 5\r\n"}, true},
        Framing{{"Content-Length: 5\r\n", "content-length: 6\r\n"}, false},
        Framing{{"Content-Length: 5, 5\r\n"}, false},
        Framing{{"Content-Length: \r\n"}, false},
        Framing{{"Content-Length: -1\r\n"}, false},
        Framing{{"Content-Length: +1\r\n"}, false},
        Framing{{"Content-Length: 0x10\r\n"}, false},
        Framing{{"Content-Length: 5 \r\n"}, true},
        Framing{{"Content-Length: 18446744073709551615\r\n"}, true},
        Framing{{"Content-Length: 18446744073709551616\r\n"}, false},
        Framing{{"Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}, false},
        Framing{{"TRANSFER-ENCODING: gzip, chunked\r\n", "CONTENT-LENGTH: 5\r\n"}, false},
        Framing{{"Transfer-Encoding: gzip\r\n", "Content-Length: 5\r\n"}, false},
        Framing{{"Transfer-Encoding: gzip\r\n", "Transfer-Encoding: chunked\r\n"}, true},
        Framing{{"Content-LengthX: a\r\n", "X-ontent-Length: b\r\n", "Content_Length: c\r\n"}, true}
    )
);

TEST(HeaderBlock, FramingOfAnInformationalHeadDoesNotTouchTheFinalOne) {
  HeaderBlock block(kLimit);
  const auto progress = feed(
      block,
      {"HTTP/1.1 103 \r\n",
       "Content-Length: 5\r\n",
       "Connection: close\r\n",
       "\r\n",
       "HTTP/1.1 200 OK\r\n",
       "Transfer-Encoding: chunked\r\n",
       "\r\n"}
  );
  EXPECT_EQ(progress, HeaderProgress::finalHead);
  EXPECT_EQ(block.facts().contentLength, std::nullopt);
  EXPECT_FALSE(block.facts().connectionClose);
}

TEST(HeaderBlock, FramingNamesAreOrdinaryInTrailers) {
  HeaderBlock block(kLimit);
  const auto progress = feed(
      block,
      {"HTTP/1.1 200 OK\r\n",
       "Transfer-Encoding: chunked\r\n",
       "\r\n",
       "Transfer-Encoding: gzip\r\n",
       "Connection: close\r\n"}
  );
  EXPECT_EQ(progress, HeaderProgress::trailer);
  EXPECT_EQ(block.facts().contentLength, std::nullopt);
  EXPECT_FALSE(block.facts().connectionClose);
}

TEST(HeaderBlock, ContentLengthIsRefusedInTrailersOfHttp1) {
  for (const bool http1 : {true, false}) {
    HeaderBlock block(kLimit);
    const char* const status = http1 ? "HTTP/1.1 200 OK\r\n" : "HTTP/2 200 \r\n";
    EXPECT_EQ(
        feed(block, {status, "\r\n", "Content-Length: 5\r\n"}),
        http1 ? HeaderProgress::failed : HeaderProgress::trailer
    );
  }
}

TEST(HeaderBlock, KnowsTheFactsOfTheFinalHead) {
  HeaderBlock block(kLimit);
  (void)feed(
      block,
      {"HTTP/1.1 200 OK\r\n",
       "content-length: 1234567890123\r\n",
       "Keep-Alive: max=100, Timeout=5\r\n",
       "Connection: Keep-Alive\r\n",
       "\r\n"}
  );
  const ResponseFacts& facts = block.facts();
  EXPECT_EQ(facts.status, 200U);
  EXPECT_EQ(facts.httpVersion, 11U);
  EXPECT_EQ(facts.contentLength, 1234567890123U);
  EXPECT_FALSE(facts.chunked);
  EXPECT_FALSE(facts.connectionClose);
  EXPECT_EQ(facts.keepAliveTimeoutHint, std::chrono::seconds(5));
}

struct Closing {
  const char* statusLine;
  const char* connection;
  bool close;
};

class HeaderBlockClosing : public testing::TestWithParam<Closing> {};

TEST_P(HeaderBlockClosing, IsAsSaidOrByTheVersionsDefault) {
  HeaderBlock block(kLimit);
  (void)feed(block, {GetParam().statusLine, GetParam().connection, "\r\n"});
  EXPECT_EQ(block.facts().connectionClose, GetParam().close);
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    HeaderBlockClosing,
    testing::Values(
        Closing{"HTTP/1.1 200 OK\r\n", "X: y\r\n", false},
        Closing{"HTTP/1.1 200 OK\r\n", "Connection: CLOSE\r\n", true},
        Closing{"HTTP/1.1 200 OK\r\n", "Connection: foo ,\tclose\r\n", true},
        Closing{"HTTP/1.1 200 OK\r\n", "Connection: closed\r\n", false},
        Closing{"HTTP/1.1 200 OK\r\n", "Connection: ,,\r\n", false},
        Closing{"HTTP/1.0 200 OK\r\n", "X: y\r\n", true},
        Closing{"HTTP/1.0 200 OK\r\n", "Connection: keep-alive\r\n", false},
        Closing{"HTTP/1.0 200 OK\r\n", "Connection: keep-alive, close\r\n", true},
        Closing{"HTTP/2 200 \r\n", "x: y\r\n", false}
    )
);

class HeaderBlockNoHint : public testing::TestWithParam<const char*> {};

TEST_P(HeaderBlockNoHint, IsNoHint) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(feed(block, {"HTTP/1.1 200 OK\r\n", GetParam(), "\r\n"}), HeaderProgress::finalHead);
  EXPECT_EQ(block.facts().keepAliveTimeoutHint, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    HeaderBlockNoHint,
    testing::Values(
        "Keep-Alive:\r\n",
        "Keep-Alive: timeout\r\n",
        "Keep-Alive: timeout=\r\n",
        "Keep-Alive: timeout=x\r\n",
        "Keep-Alive: timeout = 5\r\n",
        "Keep-Alive: max=5; timeout=5\r\n",
        "Keep-Alive: max=5\r\n"
    )
);

struct Hint {
  const char* line;
  std::int64_t seconds;
};

class HeaderBlockHint : public testing::TestWithParam<Hint> {};

TEST_P(HeaderBlockHint, IsTheFirstTimeout) {
  HeaderBlock block(kLimit);
  (void)feed(block, {"HTTP/1.1 200 OK\r\n", GetParam().line, "Keep-Alive: timeout=77\r\n", "\r\n"});
  EXPECT_EQ(block.facts().keepAliveTimeoutHint, std::chrono::seconds(GetParam().seconds));
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    HeaderBlockHint,
    testing::Values(
        Hint{"X: y\r\n", 77},
        Hint{"Keep-Alive: max=5\r\n", 77},
        Hint{"Keep-Alive: TIMEOUT=5\r\n", 5},
        Hint{"Keep-Alive: timeout=5, timeout=6\r\n", 5},
        Hint{"Keep-Alive: max=1,\ttimeout=5s\r\n", 5},
        Hint{"Keep-Alive: timeout=0\r\n", 0},
        Hint{"Keep-Alive: timeout=99999999999999\r\n", UINT32_MAX},
        Hint{"Keep-Alive: timeout=99999999999999999999999\r\n", UINT32_MAX}
    )
);

}  // namespace
}  // namespace dodici
