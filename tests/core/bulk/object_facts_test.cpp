#include "bulk/object_facts.h"

#include <gtest/gtest.h>

#include <string>

namespace dodici {
namespace {

TEST(ContentRange, SaysWhichBytesOfHowMany) {
  const auto range = parseContentRange("bytes 5-9/20");
  ASSERT_TRUE(range && range->span && range->total);
  EXPECT_EQ(range->span->begin, 5U);
  EXPECT_EQ(range->span->last, 9U);
  EXPECT_EQ(*range->total, 20U);
}

TEST(ContentRange, MayNotKnowTheSizeOrTheBytes) {
  const auto noTotal = parseContentRange("bytes 0-9/*");
  ASSERT_TRUE(noTotal && noTotal->span);
  EXPECT_FALSE(noTotal->total);
  const auto noSpan = parseContentRange("BYTES */0");
  ASSERT_TRUE(noSpan && noSpan->total);
  EXPECT_EQ(*noSpan->total, 0U);
  EXPECT_FALSE(noSpan->span);
}

TEST(ContentRange, IsRefusedIfItIsMalformedOrContradictsItself) {
  for (const char* const text :
       {"",
        "bytes",
        "bytes ",
        "bytes 0-9",
        "items 0-9/20",
        "bytes 9-5/20",
        "bytes 0-20/20",
        "bytes 0-9/",
        "bytes -5/20",
        "bytes 5-/20",
        "bytes +1-2/20",
        "bytes */*",
        "bytes 0-18446744073709551615/*",
        "bytes 0-99999999999999999999/*"}) {
    EXPECT_FALSE(parseContentRange(text)) << text;
  }
}

TEST(HttpDate, IsReadInTheFormThatServersSend) {
  EXPECT_EQ(parseHttpDate("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
  EXPECT_EQ(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parseHttpDate("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199);
  for (const char* const text :
       {"",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 06 Xyz 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET"}) {
    EXPECT_FALSE(parseHttpDate(text)) << text;
  }
}

ObjectFacts factsOf(const char* etag, const char* modified, const char* date) {
  ObjectFacts facts;
  facts.add("ETag", etag);
  facts.add("last-modified", modified);
  facts.add("Date", date);
  return facts;
}

TEST(ObjectFacts, NamesAStrongValidatorOnly) {
  const char* const kOld = "Sun, 06 Nov 1994 08:49:37 GMT";
  const char* const kNew = "Sun, 06 Nov 1994 08:49:38 GMT";
  EXPECT_EQ(factsOf("\"a\"", kOld, kNew).validator(), "\"a\"");
  EXPECT_EQ(factsOf("W/\"a\"", kOld, kNew).validator(), kOld);
  EXPECT_EQ(factsOf("W/\"a\"", kNew, kNew).validator(), "");
  EXPECT_EQ(factsOf("", kOld, "").validator(), "");
  EXPECT_EQ(factsOf("unquoted", "", "").validator(), "");
}

TEST(ObjectFacts, ReadsRetryAfterAsSecondsOrAsADate) {
  ObjectFacts facts;
  EXPECT_FALSE(facts.retryDelay(0));
  facts.add("retry-after", " 3 ");
  EXPECT_EQ(facts.retryDelay(0), std::chrono::seconds(3));
  facts.add("retry-after", "Thu, 01 Jan 1970 00:00:10 GMT");
  EXPECT_EQ(facts.retryDelay(4), std::chrono::seconds(6));
  EXPECT_EQ(facts.retryDelay(40), std::chrono::seconds(0));
  facts.add("date", "Thu, 01 Jan 1970 00:00:08 GMT");
  EXPECT_EQ(facts.retryDelay(4), std::chrono::seconds(2));
}

}  // namespace
}  // namespace dodici
