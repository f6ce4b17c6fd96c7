#include "decode/content_decoder.h"

#include "decode/coded.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace dodici {

namespace {

using Next = ContentDecoder::Next;

ContentDecoder::Bytes bytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// A body as it comes in pieces of the lengths given, the last of which is repeated, into room of `room` bytes.
class Decoding {
 public:
  explicit Decoding(std::string_view codings, std::size_t room = 64 * 1024)
      : decoder_(Codings::of(codings)), room_(room) {}

  bool give(std::string_view piece) {
    auto in = bytesOf(piece);
    for (;;) {
      const auto step = decoder_.step(in, std::as_writable_bytes(std::span(room_)));
      ++steps;
      EXPECT_LE(step.read, in.size());
      EXPECT_LE(step.written, room_.size());
      in = in.subspan(step.read);
      if (step.next == Next::fails) {
        fault = decoder_.fault();
        return false;
      }
      text.append(room_.data(), step.written);
      turns += step.next == Next::wantsTurn ? 1 : 0;
      if (step.next == Next::wantsInput) {
        EXPECT_TRUE(in.empty());
        return true;
      }
    }
  }

  bool giveAll(std::string_view all, std::size_t piece) {
    while (!all.empty()) {
      if (!give(all.substr(0, piece))) {
        return false;
      }
      all.remove_prefix(std::min(piece, all.size()));
    }
    return finish();
  }

  bool finish() {
    if (decoder_.finish()) {
      return true;
    }
    fault = decoder_.fault();
    return false;
  }

  std::string text;
  std::optional<DecodeFault> fault;
  int steps = 0;
  int turns = 0;

 private:
  ContentDecoder decoder_;
  std::vector<char> room_;
};

struct Body {
  const char* name;
  const char* codings;
  std::string coded;
  std::string plain;
};

void PrintTo(const Body& body, std::ostream* out) { *out << body.name; }

class ContentDecoderGood : public testing::TestWithParam<Body> {};

TEST_P(ContentDecoderGood, DecodesInWhateverPieces) {
  const auto& [name, codings, coded, plain] = GetParam();
  for (std::size_t piece = 1; piece <= coded.size() + 1; ++piece) {
    Decoding decoding(codings);
    EXPECT_TRUE(decoding.giveAll(coded, piece)) << decoding.fault->code;
    EXPECT_EQ(decoding.text, plain) << "in pieces of " << piece;
  }
}

TEST_P(ContentDecoderGood, DecodesIntoWhateverRoom) {
  const auto& [name, codings, coded, plain] = GetParam();
  for (const std::size_t room : {1U, 2U, 3U, 7U, 219U, 220U, 221U}) {
    Decoding decoding(codings, room);
    EXPECT_TRUE(decoding.giveAll(coded, coded.size()));
    EXPECT_EQ(decoding.text, plain) << "into room of " << room;
    EXPECT_GE(decoding.steps * room, plain.size());
  }
}

TEST_P(ContentDecoderGood, ShowsTheBeginningOfWhatBreaksOff) {
  const auto& [name, codings, coded, plain] = GetParam();
  for (std::size_t length = 0; length < coded.size(); ++length) {
    Decoding decoding(codings);
    EXPECT_TRUE(decoding.give(coded.substr(0, length)));
    EXPECT_TRUE(plain.starts_with(decoding.text));
    if (!decoding.finish()) {
      EXPECT_NE(std::string(codings).find("zstd"), std::string::npos) << "only zstd minds";
      EXPECT_EQ(decoding.fault->code, "Z_BUF_ERROR");
      EXPECT_EQ(decoding.fault->words, "unexpected end of file");
      EXPECT_EQ(decoding.fault->number, -5);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bodies,
    ContentDecoderGood,
    testing::Values(
        Body{"gzip", "gzip", kGzip, plainText()},
        Body{"gzipMembers", "gzip", kGzip + kGzip, plainText() + plainText()},
        Body{"deflate", "deflate", kDeflate, plainText()},
        Body{"bareDeflate", "deflate", kBareDeflate, plainText()},
        Body{"brotli", "br", kBrotli, plainText()},
        Body{"zstd", "zstd", kZstd, plainText()},
        Body{"zstdWithSum", "zstd", kZstdWithSum, plainText()},
        Body{"zstdFrames", "zstd", kZstd + kSkippableFrame + kZstd, plainText() + plainText()},
        Body{"zstdBehindSkippableFrame", "zstd", kSkippableFrame + kZstd, plainText()},
        Body{"gzipOverBrotli", "br, gzip", gzipOf(kBrotli), plainText()},
        Body{"gzipOverZstd", "zstd, gzip", gzipOf(kZstd), plainText()},
        Body{
            "five", "gzip,gzip,gzip,gzip,gzip", gzipOf(gzipOf(gzipOf(gzipOf(kGzip)))), plainText()},
        Body{"gzipOfNothing", "gzip", gzipOf(""), ""},
        Body{"brotliOfNothing", "br", fromHex("3b"), ""}
    ),
    [](const auto& tested) { return tested.param.name; }
);

class ContentDecoderEnds : public testing::TestWithParam<Body> {};

TEST_P(ContentDecoderEnds, DoesNotReadWhatIsBehindTheEnd) {
  const auto& [name, codings, coded, plain] = GetParam();
  for (std::size_t piece = 1; piece <= coded.size(); ++piece) {
    Decoding decoding(codings);
    EXPECT_TRUE(decoding.giveAll(coded, piece)) << decoding.fault->code;
    EXPECT_EQ(decoding.text, plain);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Bodies,
    ContentDecoderEnds,
    testing::Values(
        Body{"gzipAndPadding", "gzip", kGzip + std::string(3, '\0'), plainText()},
        Body{"gzipAndPaddingAndMore", "gzip", kGzip + std::string(1, '\0') + kGzip, plainText()},
        Body{"deflateAndMore", "deflate", kDeflate + "more", plainText()},
        Body{"bareDeflateAndMore", "deflate", kBareDeflate + "more", plainText()},
        Body{"brotliAndMore", "br", kBrotli + "more", plainText()},
        Body{"zstdAndMore", "zstd", kZstd + "more", plainText()},
        Body{"zstdAndNearlyAFrame", "zstd", kZstd + fromHex("28b52f00") + kZstd, plainText()}
    ),
    [](const auto& tested) { return tested.param.name; }
);

struct Bad {
  const char* name;
  const char* codings;
  std::string coded;
  const char* code;
  int number;
  const char* words;
};

void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class ContentDecoderBad : public testing::TestWithParam<Bad> {};

TEST_P(ContentDecoderBad, SaysWhatNodeSays) {
  const auto& [name, codings, coded, code, number, words] = GetParam();
  for (std::size_t piece = 1; piece <= coded.size(); ++piece) {
    Decoding decoding(codings);
    ASSERT_FALSE(decoding.giveAll(coded, piece));
    EXPECT_EQ(decoding.fault->code, code);
    EXPECT_EQ(decoding.fault->number, number);
    EXPECT_EQ(decoding.fault->words, words);
    EXPECT_TRUE((plainText() + plainText()).starts_with(decoding.text));
  }
}

std::string changed(std::string coded, std::size_t index) {
  coded.at(index) = static_cast<char>(coded.at(index) ^ 0x55);
  return coded;
}

INSTANTIATE_TEST_SUITE_P(
    Bodies,
    ContentDecoderBad,
    testing::Values(
        Bad{"noGzip", "gzip", plainText(), "Z_DATA_ERROR", -3, "incorrect header check"},
        Bad{"gzipSum",
            "gzip",
            changed(kGzip, kGzip.size() - 6),
            "Z_DATA_ERROR",
            -3,
            "incorrect data check"},
        Bad{"gzipLength",
            "gzip",
            changed(kGzip, kGzip.size() - 1),
            "Z_DATA_ERROR",
            -3,
            "incorrect length check"},
        Bad{"gzipAndMore", "gzip", kGzip + "more", "Z_DATA_ERROR", -3, "incorrect header check"},
        Bad{"deflateSum",
            "deflate",
            changed(kDeflate, kDeflate.size() - 1),
            "Z_DATA_ERROR",
            -3,
            "incorrect data check"},
        Bad{"gzipAsDeflate", "deflate", kGzip, "Z_DATA_ERROR", -3, "invalid block type"},
        Bad{"dictionary",
            "deflate",
            fromHex("78bb16d204214bce"),
            "Z_NEED_DICT",
            2,
            "Missing dictionary"},
        Bad{"noBrotli",
            "br",
            plainText(),
            "ERR__ERROR_FORMAT_PADDING_1",
            -14,
            "Decompression failed"},
        Bad{"noZstd",
            "zstd",
            plainText(),
            "ZSTD_error_prefix_unknown",
            10,
            "Unknown frame descriptor"},
        Bad{"zstdSum",
            "zstd",
            changed(kZstdWithSum, kZstdWithSum.size() - 1),
            "ZSTD_error_checksum_wrong",
            22,
            "Restored data doesn't match checksum"},
        Bad{"zstdWindow",
            "zstd",
            fromHex("28b52ffd0070010000"),
            "ZSTD_error_frameParameter_windowTooLarge",
            16,
            "Frame requires too much memory for decoding"},
        Bad{"inner",
            "br, gzip",
            gzipOf(plainText()),
            "ERR__ERROR_FORMAT_PADDING_1",
            -14,
            "Decompression failed"}
    ),
    [](const auto& tested) { return tested.param.name; }
);

TEST(ContentDecoder, MindsAnEmptyBodyOfZstdOnly) {
  for (const auto* const codings : {"gzip", "deflate", "br", "br, gzip"}) {
    EXPECT_TRUE(Decoding(codings).finish()) << codings;
  }
  EXPECT_FALSE(Decoding("zstd").finish());
  EXPECT_FALSE(Decoding("zstd, gzip").finish());
}

constexpr std::size_t kMegabyte = 1024 * 1024;

// Its body is made in the test: the parameters of all tests are made in each process.
struct Bomb {
  std::string name;
  std::string codings;
  std::string (*make)();
};

std::string gzippedZeros() { return gzipOf(std::string(64 * kMegabyte, '\0')); }

std::string twiceGzippedZeros() { return gzipOf(gzippedZeros()); }

std::string manyZstdZeros() { return zstdOfZeros(512); }

class ContentDecoderBomb : public testing::TestWithParam<Bomb> {};

// One step gives no more than there is room for, and reads no further than it needs.
TEST_P(ContentDecoderBomb, GoesOffInSmallSteps) {
  const auto& [name, codings, make] = GetParam();
  const std::string coded = make();
  ContentDecoder decoder(Codings::of(codings));
  std::vector<std::byte> room(64 * 1024);
  auto in = bytesOf(coded);
  std::size_t size = 0;
  for (;;) {
    const auto step = decoder.step(in, room);
    in = in.subspan(step.read);
    size += step.written;
    ASSERT_NE(step.next, Next::fails);
    if (step.next == Next::wantsInput) {
      break;
    }
    EXPECT_GT(step.written, 0);
    if (size < 32 * kMegabyte) {
      EXPECT_FALSE(in.empty());
    }
  }
  EXPECT_EQ(size, 64 * kMegabyte);
  EXPECT_TRUE(decoder.finish());
}

INSTANTIATE_TEST_SUITE_P(
    Bodies,
    ContentDecoderBomb,
    testing::Values(
        Bomb{"gzip", "gzip", gzippedZeros},
        Bomb{"zstd", "zstd", manyZstdZeros},
        Bomb{"twice", "gzip, gzip", twiceGzippedZeros}
    ),
    [](const auto& tested) { return tested.param.name; }
);

TEST(ContentDecoder, LetsOthersHaveTheirTurnWhenMuchComesToNothing) {
  Decoding decoding("gzip, gzip");
  EXPECT_TRUE(decoding.give(gzipOf(times(gzipOf(""), 500'000))));
  EXPECT_EQ(decoding.text, "");
  EXPECT_GE(decoding.turns, 9);
}

}  // namespace

}  // namespace dodici
