#include "http/chunk_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace dodici {

namespace {

using std::string_view_literals::operator""sv;

class ChunkCheckGood : public testing::TestWithParam<std::string_view> {};

TEST_P(ChunkCheckGood, HasNoFaultInWhateverPieces) {
  for (std::size_t piece = 1; piece <= GetParam().size(); ++piece) {
    ChunkCheck check;
    for (std::size_t at = 0; at < GetParam().size(); at += piece) {
      EXPECT_FALSE(check.isDone()) << "before its last byte";
      check.onBytes(GetParam().substr(at, piece));
    }
    EXPECT_TRUE(check.isDone());
    EXPECT_EQ(check.fault(), nullptr) << check.fault();
    EXPECT_EQ(check.bodySize(), 20);
    EXPECT_FALSE(check.hasExcess());
    check.onBytes("H");
    EXPECT_TRUE(check.isDone());
    EXPECT_EQ(check.fault(), nullptr);
    EXPECT_TRUE(check.hasExcess());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bodies,
    ChunkCheckGood,
    testing::Values(
        "14\r\n01234567890123456789\r\n0\r\n\r\n"sv,
        "0A\r\n0123456789\r\na\r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n"sv,
        "14;a;b=\"c\xe9\t\"\r\n01234567890123456789\r\n000;last\r\n\r\n"sv,
        "14\r\n01234567890123456789\r\n0\r\na: b\r\n c: d\r\n\r\n"sv
    )
);

class ChunkCheckBad : public testing::TestWithParam<std::string_view> {};

TEST_P(ChunkCheckBad, HasAFaultAndCountsWhatCameBeforeIt) {
  for (std::size_t piece = 1; piece <= GetParam().size() + 6; ++piece) {
    const std::string whole = "1\r\nx\r\n" + std::string(GetParam());
    ChunkCheck check;
    for (std::size_t at = 0; at < whole.size(); at += piece) {
      check.onBytes(std::string_view(whole).substr(at, piece));
    }
    ASSERT_NE(check.fault(), nullptr);
    EXPECT_THAT(check.bodySize(), testing::AllOf(testing::Ge(1), testing::Le(3)));
    EXPECT_FALSE(check.hasExcess());
    EXPECT_FALSE(check.isDone());
    check.onBytes("\r\n0\r\n\r\n");
    EXPECT_FALSE(check.isDone()) << "what follows a fault does not count";
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bodies,
    ChunkCheckBad,
    testing::Values(
        "\r\n"sv,
        "g\r\n"sv,
        "10000000000000002\r\nok"sv,
        "-1\r\n"sv,
        " 2\r\nok"sv,
        "2 \r\nok"sv,
        "2\t;a\r\nok"sv,
        "2x\r\nok"sv,
        "0x2\r\nok"sv,
        "2\nok"sv,
        "2\rok"sv,
        "2;a\nok"sv,
        "2;a\rb\r\nok"sv,
        "2;a\0b\r\nok"sv,
        "2\r\nokay\r\n"sv,
        "2\r\no\r\n"sv,
        "2\r\nok\n"sv,
        "2\r\nok\r0"sv,
        "0\r\n\n"sv,
        "0\r\n\rx"sv,
        "0\r\na: b\n\r\n"sv,
        "0\r\na: b\rc\r\n\r\n"sv
    )
);

}  // namespace

}  // namespace dodici
