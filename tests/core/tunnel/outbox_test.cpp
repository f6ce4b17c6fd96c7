#include "tunnel/outbox.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace dodici {
namespace {

Request with(BodyKind kind, std::string body = {}) {
  Request request;
  request.bodyKind = kind;
  request.body = std::move(body);
  return request;
}

// Sends all that waits, at most `step` bytes at a time.
std::string drain(Outbox& outbox, std::size_t step = std::string::npos) {
  std::string sent;
  for (auto bytes = outbox.next(); !bytes.empty(); bytes = outbox.next()) {
    const auto piece = bytes.substr(0, step);
    sent.append(piece);
    outbox.onSent(piece.size());
  }
  return sent;
}

TEST(Outbox, ABodyOfBytesFollowsTheHead) {
  Outbox outbox("head ", with(BodyKind::bytes, "body"));
  EXPECT_TRUE(outbox.bodyEnded());
  EXPECT_FALSE(outbox.empty());
  EXPECT_EQ(drain(outbox, 2), "head body");
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, AStreamedBodyGoesInChunksUpToItsEnd) {
  Outbox outbox("head ", with(BodyKind::stream));
  EXPECT_FALSE(outbox.bodyEnded());
  outbox.append("0123456789abcdef");
  outbox.append("");
  EXPECT_EQ(drain(outbox), "head 10\r\n0123456789abcdef\r\n");
  EXPECT_FALSE(outbox.bodyEnded());
  outbox.append("x");
  outbox.end();
  EXPECT_TRUE(outbox.bodyEnded());
  EXPECT_FALSE(outbox.ended());
  outbox.append("the user's");
  EXPECT_EQ(drain(outbox, 3), "1\r\nx\r\n0\r\n\r\nthe user's");
  outbox.end();
  EXPECT_TRUE(outbox.ended());
  outbox.append("too late");
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, ABodyOfDeclaredLengthIsNotFramed) {
  auto request = with(BodyKind::stream);
  request.contentLength = 4;
  Outbox outbox("head ", request);
  outbox.append("body");
  outbox.end();
  outbox.append(" and more");
  EXPECT_EQ(drain(outbox), "head body and more");
}

TEST(Outbox, TellsTheWriterOfItsOwnBytesOnly) {
  Outbox outbox("head", with(BodyKind::stream));
  constexpr std::size_t kPieces = 70'000;
  for (std::size_t i = 0; i < kPieces; ++i) {
    outbox.append("x");
  }
  outbox.end();
  std::size_t told = 0;
  std::size_t sent = 0;
  for (auto bytes = outbox.next(); !bytes.empty(); bytes = outbox.next()) {
    sent += bytes.size();
    outbox.onSent(bytes.size());
    told += outbox.takeConsumed();
  }
  EXPECT_EQ(sent, 4 + 6 * kPieces + 5);
  EXPECT_GT(told, 0U);
  EXPECT_EQ(told + outbox.takeRest(), kPieces);
  EXPECT_EQ(outbox.takeRest(), 0U);
}

}  // namespace
}  // namespace dodici
