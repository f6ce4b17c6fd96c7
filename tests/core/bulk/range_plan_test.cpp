#include "range_session.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dodici {
namespace {

TEST(RangePlan, AsksForTheFirstRangeAloneAndThenForTheRestInParallel) {
  Session session;
  const auto first = session.asks();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].begin, 0U);
  EXPECT_EQ(first[0].last, 9U);
  EXPECT_EQ(first[0].ifRange, "");
  session.answer(first[0]);
  const auto rest = session.asks();
  ASSERT_EQ(rest.size(), 4U);
  EXPECT_EQ(rest[3].begin, 40U);
  EXPECT_EQ(rest[3].ifRange, "\"v1\"");
  for (const RangeAsk& ask : rest) {
    session.answer(ask);
  }
  session.goOn();
  EXPECT_TRUE(session.plan.isWhole());
  EXPECT_EQ(session.plan.ranges(), 10U);
  EXPECT_EQ(session.plan.received(), kSize);
}

TEST(RangePlan, TakesA200AsTheWholeObject) {
  Session session;
  const RangeAsk ask = session.asks().at(0);
  session.head(ask, whole(std::nullopt));
  EXPECT_EQ(session.bytes(ask, 70).offset, 0U);
  EXPECT_EQ(session.bytes(ask, 70).offset, 70U);
  EXPECT_FALSE(session.plan.isWhole());
  session.plan.onEnd(ask.slot, session.time);
  EXPECT_TRUE(session.plan.isWhole());
  EXPECT_EQ(session.plan.total(), 140U);
}

RangeRules oneAtATime() {
  RangeRules given = rules();
  given.concurrency = 1;
  return given;
}

TEST(RangePlan, AsksAgainOnlyForWhatIsMissing) {
  Session session(oneAtATime());
  session.begin();
  const RangeAsk ask = session.asks().at(0);
  session.head(ask, part(ask.begin, ask.last));
  session.bytes(ask, 4);
  session.plan.onFailed(ask.slot, broken(), session.time);
  // Another range goes first, as this one waits for its back-off.
  const RangeAsk other = session.asks().at(0);
  EXPECT_EQ(other.begin, 20U);
  session.time += Time{100};
  session.answer(other);
  const RangeAsk again = session.asks().at(0);
  EXPECT_EQ(again.begin, 14U);
  EXPECT_EQ(again.last, 19U);
  EXPECT_EQ(session.plan.retries(), 1U);
}

TEST(RangePlan, GivesUpAfterTooManyFailuresWithoutOneNewByte) {
  RangeRules given = oneAtATime();
  given.rangeSize = kSize / 2;
  Session session(given);
  session.begin();
  for (std::uint32_t failure = 0; failure < given.retries; ++failure) {
    session.plan.onFailed(session.asks().at(0).slot, broken(), session.time);
    EXPECT_FALSE(session.plan.isOver());
    EXPECT_TRUE(session.asks().empty());
    session.time = session.plan.wakesAt().value();
  }
  session.plan.onFailed(session.asks().at(0).slot, broken(), session.time);
  ASSERT_TRUE(session.plan.fault());
  EXPECT_EQ(session.plan.fault()->error.code, Errc::socketClosed);
}

TEST(RangePlan, FailsAtOnceIfTryingAgainCannotHelp) {
  Session session;
  const RangeAsk ask = session.asks().at(0);
  session.plan.onFailed(ask.slot, {Errc::tlsVerifyFailed, 0, "", ""}, session.time);
  ASSERT_TRUE(session.plan.fault());
  Session refused;
  refused.head(refused.asks().at(0), status(404));
  ASSERT_TRUE(refused.plan.fault());
  EXPECT_EQ(refused.plan.fault()->end, DownloadEnd::refused);
  EXPECT_EQ(refused.plan.fault()->status, 404U);
}

TEST(RangePlan, NeverMixesTwoObjects) {
  const auto changes = [](const ObjectFacts& facts) {
    Session session;
    session.begin();
    session.head(session.asks().at(0), facts);
    return session.plan.fault() && session.plan.fault()->end == DownloadEnd::changed;
  };
  ObjectFacts otherTag = part(10, 19);
  otherTag.etag = "\"v2\"";
  EXPECT_TRUE(changes(otherTag));
  EXPECT_TRUE(changes(part(10, 19, kSize + 1)));
  ObjectFacts otherWhole = whole(kSize);
  otherWhole.etag = "\"v2\"";
  EXPECT_TRUE(changes(otherWhole));
  ObjectFacts shrunk = status(416);
  shrunk.contentRange = "bytes */5";
  EXPECT_TRUE(changes(shrunk));
}

TEST(RangePlan, BeginsAgainOnceIfAChangedObjectIsWanted) {
  RangeRules given = rules();
  given.restartsIfChanged = true;
  Session session(given);
  session.begin();
  ObjectFacts other = part(10, 19);
  other.etag = "\"v2\"";
  session.head(session.asks().at(0), other);
  EXPECT_FALSE(session.plan.isOver());
  EXPECT_EQ(session.plan.received(), 0U);
  EXPECT_EQ(session.plan.takeDropped().size(), 4U);
  session.begin();
  session.head(session.asks().at(0), other);
  ASSERT_TRUE(session.plan.fault());
  EXPECT_EQ(session.plan.fault()->end, DownloadEnd::changed);
}

TEST(RangePlan, DoesNotUseARangeThatWasNotAskedFor) {
  ObjectFacts noTag = part(10, 19);
  noTag.etag.clear();
  ObjectFacts wrongLength = part(10, 19);
  wrongLength.contentLength = 9;
  ObjectFacts noRange = part(10, 19);
  noRange.contentRange.clear();
  for (const ObjectFacts& facts : {part(11, 19), part(0, 9), noTag, wrongLength, noRange}) {
    Session session;
    session.begin();
    const RangeAsk ask = session.asks().at(0);
    session.head(ask, facts);
    EXPECT_EQ(session.bytes(ask, 10).size, 0U) << facts.contentRange;
    EXPECT_FALSE(session.plan.isOver());
  }
}

TEST(RangePlan, AsksForTheRestOfAShortRange) {
  Session session;
  session.begin();
  const RangeAsk ask = session.asks().at(0);
  session.head(ask, part(10, 12));
  EXPECT_EQ(session.bytes(ask, 3).size, 3U);
  session.plan.onEnd(ask.slot, session.time);
  const auto next = session.asks();
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].begin, 13U);
  EXPECT_EQ(next[0].last, 19U);
  EXPECT_EQ(session.plan.retries(), 0U);
}

TEST(RangePlan, TakesOnlyItsPartOfALongRange) {
  Session session;
  session.begin();
  const RangeAsk ask = session.asks().at(0);
  session.head(ask, part(10, 39));
  EXPECT_EQ(session.bytes(ask, 30).size, 10U);
  EXPECT_EQ(session.plan.takeDropped(), std::vector<std::uint32_t>{ask.slot});
}

TEST(RangePlan, RefusesABodyThatIsLongerThanItsRange) {
  Session session;
  session.begin();
  const RangeAsk ask = session.asks().at(0);
  ObjectFacts facts = part(10, 19);
  facts.contentLength.reset();
  session.head(ask, facts);
  EXPECT_EQ(session.bytes(ask, 10).size, 10U);
  EXPECT_EQ(session.bytes(ask, 1).size, 0U);
  EXPECT_EQ(session.plan.received(), 10U);  // those of the first range
  EXPECT_EQ(session.plan.retries(), 1U);
}

TEST(RangePlan, AsksWithoutARangeWhenRangesAreOfNoUse) {
  ObjectFacts noValidator = part(0, 9);
  noValidator.etag.clear();
  ObjectFacts noTotal = part(0, 9);
  noTotal.contentRange = "bytes 0-9/*";
  for (const ObjectFacts& facts : {noValidator, noTotal, part(5, 9), status(416)}) {
    Session session;
    session.head(session.asks().at(0), facts);
    const auto next = session.asks();
    ASSERT_EQ(next.size(), 1U);
    EXPECT_FALSE(next[0].isRanged);
  }
}

TEST(RangePlan, KnowsAnEmptyObject) {
  Session session;
  ObjectFacts facts = status(416);
  facts.contentRange = "bytes */0";
  session.head(session.asks().at(0), facts);
  EXPECT_TRUE(session.plan.isWhole());
  EXPECT_EQ(session.plan.total(), 0U);
}

TEST(RangePlan, AsksForLessWhenTheServerIsBusyAndWaitsAsLongAsItSays) {
  Session session;
  session.begin();
  ObjectFacts busy = status(503);
  busy.retryAfter = "1";
  const auto asked = session.asks();
  session.head(asked.at(0), busy);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    session.answer(asked[i]);
  }
  EXPECT_TRUE(session.asks().empty());
  EXPECT_EQ(session.plan.wakesAt(), session.time + Time{1000});
  session.time += Time{1000};
  EXPECT_FALSE(session.asks().empty());
  session.goOn();
}

TEST(RangePlan, ReportsRedirectsBeforeTheFirstRangeOnly) {
  ObjectFacts redirect = status(302);
  redirect.location = "/other";
  Session session;
  session.head(session.asks().at(0), redirect);
  ASSERT_TRUE(session.plan.fault());
  EXPECT_EQ(session.plan.fault()->end, DownloadEnd::redirected);
  EXPECT_EQ(session.plan.fault()->text, "/other");
  Session later;
  later.begin();
  later.head(later.asks().at(0), redirect);
  ASSERT_TRUE(later.plan.fault());
  EXPECT_EQ(later.plan.fault()->end, DownloadEnd::refused);
}

TEST(RangePlan, AsksOnlyForWhatIsInItsBound) {
  Session session;
  session.plan.bound(35);
  session.begin();
  EXPECT_EQ(session.plan.prefix(), 10U);
  const auto asks = session.asks();
  ASSERT_EQ(asks.size(), 2U);
  EXPECT_EQ(asks[1].last, 29U);
  EXPECT_FALSE(session.plan.wakesAt());
  session.answer(asks[1]);
  EXPECT_EQ(session.plan.prefix(), 10U);
  session.answer(asks[0]);
  EXPECT_EQ(session.plan.prefix(), 30U);
  session.plan.bound(40);
  EXPECT_TRUE(session.plan.wakesAt());
  EXPECT_EQ(session.asks().size(), 1U);
}

TEST(RangePlan, ReadsNothingAnewThatWasSeen) {
  RangeRules given = rules();
  given.restartsIfChanged = true;
  Session changing(given);
  changing.begin();
  changing.plan.pin();
  ObjectFacts other = part(10, 19);
  other.etag = "\"v2\"";
  changing.head(changing.asks().at(0), other);
  ASSERT_TRUE(changing.plan.fault());
  EXPECT_EQ(changing.plan.fault()->end, DownloadEnd::changed);
  Session breaking(given);
  const RangeAsk ask = breaking.asks().at(0);
  breaking.head(ask, whole(70));
  breaking.bytes(ask, 10);
  breaking.plan.pin();
  breaking.plan.onFailed(ask.slot, broken(), breaking.time);
  ASSERT_TRUE(breaking.plan.fault());
  EXPECT_EQ(breaking.plan.fault()->end, DownloadEnd::networkFailed);
}

constexpr std::uint64_t kMiB = 1024 * 1024;

// 64 MiB in ranges of 8 MiB, all of which are asked for by two connections.
RangeRules largeRules() {
  RangeRules given = rules();
  given.rangeSize = 8 * kMiB;
  given.concurrency = 2;
  return given;
}

void answerAll(Session& session, const RangeAsk& ask, std::uint64_t total) {
  session.head(ask, part(ask.begin, ask.last, total));
  session.bytes(ask, ask.last - ask.begin + 1);
  session.plan.onEnd(ask.slot, session.time);
}

TEST(RangePlan, AsksForMoreAtATimeWhileRangesComeFast) {
  RangeRules given = largeRules();
  given.mostRangeSize = 16 * kMiB;
  const std::uint64_t total = 256 * kMiB;
  for (const Time taken : {Time{100}, Time{6000}}) {
    Session session(given);
    const RangeAsk first = session.asks().at(0);
    session.time += taken;
    answerAll(session, first, total);
    const auto next = session.asks();
    ASSERT_EQ(next.size(), 2U);
    EXPECT_EQ(next[0].last - next[0].begin + 1, (taken < Time{5000} ? 16 : 8) * kMiB);
    session.time += taken;
    answerAll(session, next[0], total);
    const RangeAsk later = session.asks().at(0);
    EXPECT_EQ(later.last - later.begin + 1, (taken < Time{5000} ? 16 : 8) * kMiB);
  }
}

TEST(RangePlan, TakesOverAHalfOfTheSlowestRange) {
  const std::uint64_t total = 24 * kMiB;
  Session session(largeRules());
  answerAll(session, session.asks().at(0), total);
  const auto asks = session.asks();
  ASSERT_EQ(asks.size(), 2U);
  session.head(asks[1], part(asks[1].begin, asks[1].last, total));
  session.bytes(asks[1], 2 * kMiB);
  session.time += Time{2000};
  answerAll(session, asks[0], total);
  const auto half = session.asks();
  ASSERT_EQ(half.size(), 1U);
  EXPECT_EQ(half[0].begin, 21 * kMiB);
  EXPECT_EQ(half[0].last, total - 1);
  // The slow one is cut off where the other begins.
  EXPECT_EQ(session.bytes(asks[1], 4 * kMiB).size, 3 * kMiB);
  EXPECT_EQ(session.plan.takeDropped(), std::vector<std::uint32_t>{asks[1].slot});
  answerAll(session, half[0], total);
  EXPECT_TRUE(session.plan.isWhole());
}

TEST(RangePlan, KeepsToTheConnectionsThatAnOriginServes) {
  RangeRules given = rules();
  given.rangeSize = 1;
  given.retries = 1;
  Session session(given);
  session.begin();
  // It refuses the third connection and the fourth, each time that they are tried.
  std::size_t most = 0;
  for (int round = 0; round < 500 && !session.plan.isOver(); ++round) {
    const auto asks = session.asks();
    most = round > 0 ? std::max(most, asks.size()) : most;
    for (std::size_t i = asks.size(); i-- > 0;) {
      if (i >= 2) {
        session.plan.onFailed(asks[i].slot, broken(), session.time);
      } else {
        session.answer(asks[i]);
      }
    }
    session.time = session.plan.wakesAt().value_or(session.time);
  }
  EXPECT_TRUE(session.plan.isWhole());
  EXPECT_LE(most, 3U);
}

TEST(RangePlan, RefusesContentCodings) {
  for (ObjectFacts facts : {part(0, 9), whole(10)}) {
    facts.contentEncoding = "gzip";
    Session session;
    session.head(session.asks().at(0), facts);
    ASSERT_TRUE(session.plan.fault());
    EXPECT_EQ(session.plan.fault()->end, DownloadEnd::encoded);
  }
}

}  // namespace
}  // namespace dodici
