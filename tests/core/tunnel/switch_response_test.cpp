#include "tunnel/switch_response.h"

#include "events/event_batcher.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace dodici {
namespace {

using Progress = SwitchResponse::Progress;

constexpr std::uint32_t kMaxHeaderSize = 16 * 1024;

const std::string kSwitch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n";
const std::string kNotFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n";

Progress give(SwitchResponse& response, std::string_view bytes) {
  return response.onBytes(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

TEST(SwitchResponse, TheBytesBehindTheHeadAreTheTunnels) {
  SwitchResponse response(false, kMaxHeaderSize);
  EXPECT_EQ(give(response, kSwitch + "\x01\x02rest"), Progress::switched);
  EXPECT_EQ(response.takeRest(), "\x01\x02rest");
}

TEST(SwitchResponse, AHeadMayComeByteByByte) {
  SwitchResponse response(false, kMaxHeaderSize);
  for (std::size_t i = 0; i + 1 < kSwitch.size(); ++i) {
    ASSERT_EQ(give(response, kSwitch.substr(i, 1)), Progress::none) << "at byte " << i;
  }
  EXPECT_EQ(give(response, kSwitch.substr(kSwitch.size() - 1)), Progress::switched);
  EXPECT_EQ(response.takeRest(), "");
}

TEST(SwitchResponse, InformationalHeadsBeforeItAreSkipped) {
  SwitchResponse response(false, kMaxHeaderSize);
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  EXPECT_EQ(give(response, early + early + kSwitch + "x"), Progress::switched);
  EXPECT_EQ(response.takeRest(), "x");
}

TEST(SwitchResponse, AnotherStatusRefusesAnUpgradeAndBringsABody) {
  SwitchResponse response(false, kMaxHeaderSize);
  EXPECT_EQ(give(response, kNotFound + "he"), Progress::refused);
  std::string body;
  EXPECT_TRUE(response.readBody("", body));
  EXPECT_FALSE(response.bodyComplete());
  EXPECT_TRUE(response.readBody("llo", body));
  EXPECT_EQ(body, "hello");
  EXPECT_TRUE(response.bodyComplete());
}

TEST(SwitchResponse, AChunkedBodyOfARefusalIsDecoded) {
  SwitchResponse response(false, kMaxHeaderSize);
  EXPECT_EQ(
      give(response, "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
      Progress::refused
  );
  std::string body;
  EXPECT_TRUE(response.readBody("", body));
  EXPECT_TRUE(response.readBody("2\r\nde\r\n0\r\n\r\n", body));
  EXPECT_EQ(body, "abcde");
  EXPECT_TRUE(response.bodyComplete());
}

TEST(SwitchResponse, ABodyOfARefusalThatIsNoHttpIsTold) {
  SwitchResponse response(false, kMaxHeaderSize);
  EXPECT_EQ(
      give(response, "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n"),
      Progress::refused
  );
  std::string body;
  EXPECT_FALSE(response.readBody("no chunk\r\n", body));
}

TEST(SwitchResponse, ABodyWithoutLengthEndsWithTheConnection) {
  SwitchResponse response(false, kMaxHeaderSize);
  EXPECT_EQ(give(response, "HTTP/1.1 500 Oops\r\n\r\nab"), Progress::refused);
  std::string body;
  EXPECT_TRUE(response.readBody("", body));
  EXPECT_EQ(body, "ab");
  EXPECT_FALSE(response.bodyComplete());
  EXPECT_TRUE(response.endsHere());
}

TEST(SwitchResponse, ABodyThatStopsShortDoesNotEndThere) {
  SwitchResponse response(false, kMaxHeaderSize);
  EXPECT_EQ(give(response, kNotFound + "he"), Progress::refused);
  std::string body;
  EXPECT_TRUE(response.readBody("", body));
  EXPECT_FALSE(response.endsHere());
}

// Whatever it says of a body: RFC 9110, section 9.3.6.
TEST(SwitchResponse, AnyFinalStatusSwitchesAConnect) {
  SwitchResponse response(true, kMaxHeaderSize);
  EXPECT_EQ(give(response, kNotFound + "hello"), Progress::switched);
  EXPECT_EQ(response.takeRest(), "hello");
}

TEST(SwitchResponse, WhatIsNoHttpFails) {
  SwitchResponse response(false, kMaxHeaderSize);
  EXPECT_EQ(give(response, "SSH-2.0-OpenSSH_9.2\r\n\r\n"), Progress::failed);
  EXPECT_EQ(response.error().code, Errc::malformedResponse);
}

TEST(SwitchResponse, AHeadThatNeverEndsFails) {
  SwitchResponse response(false, 1024);
  Progress progress = give(response, "HTTP/1.1 101 Switching Protocols\r\n");
  for (int i = 0; i < 100 && progress == Progress::none; ++i) {
    progress = give(response, "a-header: with a value of some length\r\n");
  }
  EXPECT_EQ(progress, Progress::failed);
  EXPECT_EQ(response.error().code, Errc::headersOverflow);
}

}  // namespace
}  // namespace dodici
