#include "decode/codings.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace dodici {

namespace {

std::vector<Coding> of(std::string_view value) {
  const Codings codings = Codings::of(value);
  std::vector<Coding> list;
  for (std::size_t i = 0; i < codings.size(); ++i) {
    list.push_back(codings.at(i));
  }
  return list;
}

using List = std::vector<Coding>;

TEST(Codings, AreKnownByName) {
  EXPECT_EQ(of("gzip"), List{Coding::gzip});
  EXPECT_EQ(of("x-gzip"), List{Coding::gzip});
  EXPECT_EQ(of("deflate"), List{Coding::deflate});
  EXPECT_EQ(of("br"), List{Coding::brotli});
  EXPECT_EQ(of("zstd"), List{Coding::zstd});
}

TEST(Codings, AreKnownInAnyCaseAndBetweenBlanks) {
  EXPECT_EQ(of("GZip"), List{Coding::gzip});
  EXPECT_EQ(of(" \tBR\xa0"), List{Coding::brotli});
}

TEST(Codings, StandInTheOrderInWhichTheyWereApplied) {
  EXPECT_EQ(of("br, gzip ,zstd"), (List{Coding::brotli, Coding::gzip, Coding::zstd}));
}

TEST(Codings, AreNoneWhenOneIsNotKnown) {
  for (const auto* const value :
       {"",
        " ",
        "identity",
        "gzip, x-unknown",
        "gzip,",
        ",gzip",
        "gzip,,br",
        "gz",
        "gzip;q=1",
        "compress"}) {
    EXPECT_TRUE(of(value).empty()) << value;
  }
}

TEST(Codings, AreNoneWhenThereAreTooMany) {
  EXPECT_EQ(of("gzip,gzip,gzip,gzip,gzip").size(), 5);
  EXPECT_TRUE(of("gzip,gzip,gzip,gzip,gzip,gzip").empty());
}

}  // namespace

}  // namespace dodici
