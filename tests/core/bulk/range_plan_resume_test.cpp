#include "range_session.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace dodici {
namespace {

// Of the object of a Session: [20, 30) and [45, 50) are there.
PartialObject somePart() { return {kSize, "\"v1\"", "", "\"v1\"", {{20, 30}, {45, 50}}}; }

using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

Pairs spansOf(const RangePlan& plan) {
  Pairs pairs;
  if (const auto part = plan.partial()) {
    for (const ByteSpan& span : part->spans) {
      pairs.emplace_back(span.begin, span.end);
    }
  }
  return pairs;
}

// A session that goes on with somePart().
Session resumed(RangeRules given = rules()) {
  Session session(given);
  session.plan.resume(somePart());
  return session;
}

TEST(RangePlanResume, AsksForOneRangeUntilTheObjectIsConfirmedAndThenForAllThatIsMissing) {
  Session session = resumed();
  EXPECT_EQ(session.plan.received(), 15U);
  const auto first = session.asks();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].begin, 0U);
  EXPECT_EQ(first[0].last, 9U);
  EXPECT_EQ(first[0].ifRange, "\"v1\"");
  session.answer(first[0]);
  const auto rest = session.asks();
  ASSERT_EQ(rest.size(), 4U);
  EXPECT_EQ(rest[0].begin, 10U);
  EXPECT_EQ(rest[1].begin, 30U);
  EXPECT_EQ(rest[2].begin, 40U);
  EXPECT_EQ(rest[2].last, 44U);
  EXPECT_EQ(rest[3].begin, 50U);
  for (const RangeAsk& ask : rest) {
    session.answer(ask);
  }
  session.goOn();
  EXPECT_TRUE(session.plan.isWhole());
  EXPECT_EQ(session.plan.resumed(), 15U);
  EXPECT_EQ(session.plan.restarts(), 0U);
}

TEST(RangePlanResume, AsksForOneByteOfAnObjectThatIsWhole) {
  Session session;
  session.plan.resume({kSize, "\"v1\"", "", "\"v1\"", {{0, kSize}}});
  const RangeAsk ask = session.asks().at(0);
  EXPECT_EQ(ask.begin, kSize - 1);
  EXPECT_EQ(ask.last, kSize - 1);
  session.answer(ask);
  EXPECT_TRUE(session.plan.isWhole());
}

TEST(RangePlanResume, BeginsAnewWithAnotherObject) {
  ObjectFacts otherTag = part(0, 9);
  otherTag.etag = "\"v2\"";
  ObjectFacts shrunk = status(416);
  shrunk.contentRange = "bytes */5";
  for (const ObjectFacts& facts : {otherTag, part(0, 9, kSize + 1), shrunk, status(416)}) {
    Session session = resumed();
    session.head(session.asks().at(0), facts);
    EXPECT_FALSE(session.plan.isOver());
    EXPECT_EQ(session.plan.received(), 0U);
    EXPECT_EQ(session.plan.resumed(), 0U);
    EXPECT_EQ(session.plan.restarts(), 1U);
    EXPECT_FALSE(session.plan.partial());
    session.goOn();
    EXPECT_TRUE(session.plan.isWhole());
    EXPECT_EQ(session.plan.ranges(), 10U);
  }
}

TEST(RangePlanResume, TakesA200AsTheWholeObject) {
  Session session = resumed();
  const RangeAsk ask = session.asks().at(0);
  ObjectFacts other = whole(70);
  other.etag = "\"v2\"";
  session.head(ask, other);
  EXPECT_EQ(session.plan.restarts(), 1U);
  EXPECT_EQ(session.bytes(ask, 70).offset, 0U);
  session.plan.onEnd(ask.slot, session.time);
  EXPECT_TRUE(session.plan.isWhole());
  EXPECT_EQ(session.plan.received(), 70U);
  EXPECT_EQ(session.plan.etag(), "\"v2\"");
}

TEST(RangePlanResume, KeepsThePartWhenTheServerDoesNotAnswerAtOnce) {
  Session session = resumed();
  session.plan.onFailed(session.asks().at(0).slot, broken(), session.time);
  session.time = session.plan.wakesAt().value();
  session.head(session.asks().at(0), status(503));
  EXPECT_EQ(spansOf(session.plan), (Pairs{{20, 30}, {45, 50}}));
  session.goOn();
  EXPECT_TRUE(session.plan.isWhole());
  EXPECT_EQ(session.plan.resumed(), 15U);
}

TEST(RangePlanResume, ReportsARedirectBeforeTheFirstRangeOnly) {
  ObjectFacts redirect = status(302);
  redirect.location = "/other";
  Session session = resumed();
  session.head(session.asks().at(0), redirect);
  ASSERT_TRUE(session.plan.fault());
  EXPECT_EQ(session.plan.fault()->end, DownloadEnd::redirected);
  EXPECT_EQ(spansOf(session.plan), (Pairs{{20, 30}, {45, 50}}));
}

TEST(RangePlanResume, TellsWhatIsThere) {
  Session session;
  EXPECT_FALSE(session.plan.partial());
  session.begin();
  const auto asks = session.asks();
  session.answer(asks.at(1));
  session.head(asks.at(2), part(30, 39));
  session.bytes(asks.at(2), 4);
  EXPECT_EQ(spansOf(session.plan), (Pairs{{0, 10}, {20, 34}}));
  session.plan.onFailed(asks.at(2).slot, broken(), session.time);
  EXPECT_EQ(spansOf(session.plan), (Pairs{{0, 10}, {20, 34}}));
}

TEST(RangePlanResume, DoesNotNameBytesThatMayTurnOutToBeWrong) {
  Session session;
  session.begin();
  const RangeAsk ask = session.asks().at(0);
  ObjectFacts unsized = part(10, 19);
  unsized.contentLength.reset();
  session.head(ask, unsized);
  session.bytes(ask, 10);
  EXPECT_EQ(spansOf(session.plan), (Pairs{{0, 10}}));
  session.plan.onEnd(ask.slot, session.time);
  EXPECT_EQ(spansOf(session.plan), (Pairs{{0, 20}}));
}

TEST(RangePlanResume, LeavesNothingOfAnObjectWithoutRanges) {
  Session session;
  const RangeAsk ask = session.asks().at(0);
  session.head(ask, whole(70));
  session.bytes(ask, 40);
  EXPECT_FALSE(session.plan.partial());
}

}  // namespace
}  // namespace dodici
