#include "tunnel/switch_response.h"

#include "events/event_batcher.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dodici {
namespace {

using Progress = SwitchResponse::Progress;

constexpr std::uint32_t kMaxHeaderSize = 16 * 1024;

const std::string kSwitch =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
const std::string kNotFound = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\n";

Progress give(SwitchResponse& response, std::string_view bytes) {
  return response.onBytes(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

TEST(SwitchResponse, TheBytesBehindTheHeadAreTheTunnels) {
  SwitchResponse response("GET", kMaxHeaderSize);
  EXPECT_EQ(give(response, kSwitch + "\x01\x02rest"), Progress::switched);
  EXPECT_EQ(response.takeRest(), "\x01\x02rest");
}

TEST(SwitchResponse, AHeadMayComeByteByByte) {
  SwitchResponse response("GET", kMaxHeaderSize);
  for (std::size_t i = 0; i + 1 < kSwitch.size(); ++i) {
    ASSERT_EQ(give(response, kSwitch.substr(i, 1)), Progress::none) << "at byte " << i;
  }
  EXPECT_EQ(give(response, kSwitch.substr(kSwitch.size() - 1)), Progress::switched);
  EXPECT_EQ(response.takeRest(), "");
}

TEST(SwitchResponse, InformationalHeadsBeforeItAreToldOneByOne) {
  SwitchResponse response("GET", kMaxHeaderSize);
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  EXPECT_EQ(give(response, early + early + kSwitch + "x"), Progress::informational);
  EXPECT_EQ(response.head().facts().status, 103U);
  EXPECT_EQ(give(response, ""), Progress::informational);
  EXPECT_EQ(give(response, ""), Progress::switched);
  EXPECT_EQ(response.takeRest(), "x");
}

TEST(SwitchResponse, NobodyIsToldOf100NorOfInformationalAnswersToConnect) {
  SwitchResponse response("GET", kMaxHeaderSize);
  EXPECT_EQ(give(response, "HTTP/1.1 100 Continue\r\n\r\n" + kSwitch), Progress::alive);
  EXPECT_EQ(give(response, ""), Progress::switched);
  SwitchResponse connect("CONNECT", kMaxHeaderSize);
  EXPECT_EQ(give(connect, "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\n\r\nx"), Progress::alive);
  EXPECT_EQ(give(connect, ""), Progress::switched);
  EXPECT_EQ(connect.takeRest(), "x");
}

TEST(SwitchResponse, InformationalHeadsWithoutEndFail) {
  SwitchResponse response("GET", kMaxHeaderSize);
  const std::string early = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
  Progress progress = give(response, early);
  std::size_t sent = early.size();
  while (progress == Progress::informational && sent < 10'000'000) {
    progress = give(response, early);
    sent += early.size();
  }
  EXPECT_EQ(progress, Progress::failed);
  EXPECT_EQ(response.error().code, Errc::headersOverflow);
}

TEST(SwitchResponse, AnotherStatusRefusesAnUpgradeAndBringsABody) {
  SwitchResponse response("GET", kMaxHeaderSize);
  EXPECT_EQ(give(response, kNotFound + "he"), Progress::refused);
  std::string body;
  EXPECT_TRUE(response.readBody("", body));
  EXPECT_FALSE(response.bodyComplete());
  EXPECT_TRUE(response.readBody("llo", body));
  EXPECT_EQ(body, "hello");
  EXPECT_TRUE(response.bodyComplete());
}

TEST(SwitchResponse, AChunkedBodyOfARefusalIsDecoded) {
  SwitchResponse response("GET", kMaxHeaderSize);
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
  SwitchResponse response("GET", kMaxHeaderSize);
  EXPECT_EQ(
      give(response, "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n"),
      Progress::refused
  );
  std::string body;
  EXPECT_FALSE(response.readBody("no chunk\r\n", body));
}

TEST(SwitchResponse, ABodyWithoutLengthEndsWithTheConnection) {
  SwitchResponse response("GET", kMaxHeaderSize);
  EXPECT_EQ(give(response, "HTTP/1.1 500 Oops\r\n\r\nab"), Progress::refused);
  std::string body;
  EXPECT_TRUE(response.readBody("", body));
  EXPECT_EQ(body, "ab");
  EXPECT_FALSE(response.bodyComplete());
  EXPECT_TRUE(response.endsHere());
}

TEST(SwitchResponse, ABodyThatStopsShortDoesNotEndThere) {
  SwitchResponse response("GET", kMaxHeaderSize);
  EXPECT_EQ(give(response, kNotFound + "he"), Progress::refused);
  std::string body;
  EXPECT_TRUE(response.readBody("", body));
  EXPECT_FALSE(response.endsHere());
}

// Whatever it says of a body: RFC 9110, section 9.3.6.
TEST(SwitchResponse, AnyFinalStatusSwitchesAConnect) {
  SwitchResponse response("CONNECT", kMaxHeaderSize);
  EXPECT_EQ(give(response, kNotFound + "hello"), Progress::switched);
  EXPECT_EQ(response.takeRest(), "hello");
}

// Each names half of what a switch is: RFC 9110, section 15.2.2.
TEST(SwitchResponse, AStatusOf101AloneIsNoSwitch) {
  for (const std::string_view lines :
       {"",
        "upgrade: echo\r\n",
        "connection: upgrade\r\n",
        "connection: upgrade\r\nupgrade: \r\n",
        "connection: upgraded\r\nupgrade: x\r\n"}) {
    SwitchResponse response("GET", kMaxHeaderSize);
    EXPECT_EQ(give(response, "HTTP/1.1 101 Go\r\n" + std::string(lines) + "\r\n"), Progress::failed)
        << lines;
    EXPECT_EQ(response.error().code, Errc::unexpectedUpgrade) << lines;
  }
  SwitchResponse response("GET", kMaxHeaderSize);
  EXPECT_EQ(
      give(response, "HTTP/1.1 101 Go\r\nUPGRADE: x\r\nConnection: close, UPGRADE\r\n\r\n"),
      Progress::switched
  );
}

// It asked for no protocol. A 101 that names none is an answer like any other.
TEST(SwitchResponse, AConnectIsNotAnsweredByASwitchOfProtocols) {
  SwitchResponse response("CONNECT", kMaxHeaderSize);
  EXPECT_EQ(give(response, kSwitch), Progress::failed);
  EXPECT_EQ(response.error().code, Errc::unexpectedUpgrade);
  SwitchResponse other("CONNECT", kMaxHeaderSize);
  EXPECT_EQ(give(other, "HTTP/1.1 101 Go\r\nupgrade: x\r\n\r\n"), Progress::switched);
}

// Whatever their heads say of a body, and whatever follows.
TEST(SwitchResponse, SomeRefusalsHaveNoBody) {
  const std::string framing = "Content-Length: 5\r\n\r\n";
  const std::vector<std::pair<const char*, std::string>> cases{
      {"HEAD", "HTTP/1.1 404 Not Found\r\n" + framing},
      {"HEAD", "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"HEAD", "HTTP/1.1 404 Not Found\r\n\r\n"},
      {"GET", "HTTP/1.1 204 No Content\r\n\r\n"},
      {"GET", "HTTP/1.1 304 Not Modified\r\n" + framing}};
  for (const auto& [method, head] : cases) {
    SwitchResponse response(method, kMaxHeaderSize);
    EXPECT_EQ(give(response, head), Progress::refused) << method << " " << head;
    EXPECT_TRUE(response.bodyComplete()) << method << " " << head;
    std::string body;
    EXPECT_TRUE(response.readBody("hello", body));
    EXPECT_EQ(body, "");
  }
}

TEST(SwitchResponse, WhatIsNoHttpFails) {
  SwitchResponse response("GET", kMaxHeaderSize);
  EXPECT_EQ(give(response, "SSH-2.0-OpenSSH_9.2\r\n\r\n"), Progress::failed);
  EXPECT_EQ(response.error().code, Errc::malformedResponse);
}

TEST(SwitchResponse, AHeadThatNeverEndsFails) {
  SwitchResponse response("GET", 1024);
  Progress progress = give(response, "HTTP/1.1 101 Switching Protocols\r\n");
  for (int i = 0; i < 100 && progress == Progress::none; ++i) {
    progress = give(response, "a-header: with a value of some length\r\n");
  }
  EXPECT_EQ(progress, Progress::failed);
  EXPECT_EQ(response.error().code, Errc::headersOverflow);
}

}  // namespace
}  // namespace dodici
