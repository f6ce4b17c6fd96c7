// Lessons of SwitchResponse's fuzzer: pieces of any size, how much of them is kept, and strictness.
#include "tunnel/switch_response.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

namespace dodici {
namespace {

using Progress = SwitchResponse::Progress;

constexpr std::uint32_t kLimit = 1024;

Progress feed(SwitchResponse& response, std::string_view text) {
  return response.onBytes(std::as_bytes(std::span(text)));
}

TEST(SwitchResponseLimits, TellsOfHeadsThatAreNotFinal) {
  SwitchResponse response("GET", kLimit);
  EXPECT_EQ(feed(response, "HTTP/1.1 102 Wait\r\n\r\nHTTP/1.1 1"), Progress::informational);
  EXPECT_EQ(feed(response, ""), Progress::none);
  EXPECT_EQ(feed(response, "01 Go\r\nconnection: upgrade\r\nupgrade: x\r\n"), Progress::none);
  EXPECT_EQ(feed(response, "\r\n"), Progress::switched);
}

TEST(SwitchResponseLimits, CountsNamesAndValuesTowardsTheLimitOnly) {
  SwitchResponse response("GET", 230);
  std::string head = "HTTP/1.1 101 Go\r\nconnection: upgrade\r\nupgrade: x\r\n";
  for (int i = 0; i < 80; ++i) {
    head += "a: b\r\n";  // six bytes, of which two count
  }
  EXPECT_EQ(feed(response, head + "\r\n"), Progress::switched);

  SwitchResponse other("GET", 100);
  EXPECT_EQ(feed(other, head), Progress::failed);
  EXPECT_EQ(other.error().code, Errc::headersOverflow);
}

TEST(SwitchResponseLimits, KeepsNoLineWithoutEnd) {
  SwitchResponse response("GET", kLimit);
  Progress progress = feed(response, "HTTP/1.1 101 Go\r\nx: ");
  for (int i = 0; i < 100 && progress == Progress::none; ++i) {
    progress = feed(response, std::string(100, ' '));
  }
  EXPECT_EQ(progress, Progress::failed);
  EXPECT_EQ(response.error().code, Errc::headersOverflow);
}

TEST(SwitchResponseLimits, IsAsStrictAsOtherResponses) {
  for (const std::string_view head :
       {"HTTP/1.1 101 Go\nupgrade: x\n\n",
        "HTTP/1.1 101 Go\r\nupgrade: x\r\n y\r\n\r\n",
        "HTTP/2 101 \r\n\r\n",
        "HTTP/1.1 403 No\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"}) {
    SwitchResponse response("GET", kLimit);
    EXPECT_EQ(feed(response, head), Progress::failed) << head;
    EXPECT_EQ(response.error().code, Errc::malformedResponse) << head;
  }
}

// Feeds a chunked body byte by byte; returns false as soon as it is not HTTP.
bool readBytewise(SwitchResponse& response, std::string_view text, std::string& body) {
  for (const char& byte : text) {
    if (!response.readBody({&byte, 1}, body)) {
      return false;
    }
  }
  return true;
}

constexpr std::string_view kChunkedHead = "HTTP/1.1 403 No\r\ntransfer-encoding: chunked\r\n\r\n";

TEST(SwitchResponseLimits, ReadsChunksThatComeByteByByte) {
  SwitchResponse response("GET", kLimit);
  ASSERT_EQ(feed(response, kChunkedHead), Progress::refused);
  std::string body;
  EXPECT_TRUE(readBytewise(response, "2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nt: u\r\n\r\n", body));
  EXPECT_EQ(body, "hello");
  EXPECT_TRUE(response.bodyComplete());

  SwitchResponse empty("GET", kLimit);
  ASSERT_EQ(feed(empty, kChunkedHead), Progress::refused);
  EXPECT_TRUE(readBytewise(empty, "0\r\n\r\n", body));
  EXPECT_TRUE(empty.bodyComplete());
}

TEST(SwitchResponseLimits, DeliversAShortChunkAtOnce) {
  SwitchResponse response("GET", kLimit);
  ASSERT_EQ(feed(response, kChunkedHead), Progress::refused);
  std::string body;
  EXPECT_TRUE(response.readBody("1\r\na\r\n1\r\nb", body));
  EXPECT_EQ(body, "ab");
}

TEST(SwitchResponseLimits, KeepsNoChunkHeaderAndNoTrailersWithoutEnd) {
  for (const std::string_view start : {"5;x=", "0\r\nt: "}) {
    SwitchResponse response("GET", kLimit);
    ASSERT_EQ(feed(response, kChunkedHead), Progress::refused);
    std::string body;
    EXPECT_TRUE(response.readBody(start, body));
    EXPECT_FALSE(readBytewise(response, std::string(4 * kLimit, 'x'), body)) << start;
  }
}

}  // namespace
}  // namespace dodici
