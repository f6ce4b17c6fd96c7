#include "http/header_block.h"

#include "http/header_lines.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace dodici {

namespace {

using Words = std::vector<std::uint32_t>;

struct Records {
  Words words;
  std::string text;
};

Records headOf(HeaderBlock& block) {
  EventBatch batch;
  block.appendHead(batch, RequestId{9});
  return {std::move(batch.words), std::move(batch.text)};
}

Records endOf(HeaderBlock& block) {
  EventBatch batch;
  block.appendEnd(batch, RequestId{9});
  return {std::move(batch.words), std::move(batch.text)};
}

TEST(HeaderBlock, MakesTheRecordThatEventBatchDescribes) {
  HeaderBlock block(kLimit);
  const auto progress =
      feed(block, {"HTTP/1.1 200 OK\r\n", "Content-Type: text/plain\r\n", "X-Empty:\r\n", "\r\n"});
  EXPECT_EQ(progress, HeaderProgress::finalHead);
  EXPECT_TRUE(block.finalHeadSeen());
  const auto [words, text] = headOf(block);
  EXPECT_EQ(words, (Words{1, 9, 200, 11, 2, 2, 12, 10, 7, 0}));
  EXPECT_EQ(text, "OKContent-Typetext/plainX-Empty");
}

TEST(HeaderBlock, NothingIsCompleteBeforeTheEmptyLine) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(block.onLine("HTTP/1.1 200 OK\r\n"), HeaderProgress::none);
  EXPECT_EQ(block.onLine("A: b\r\n"), HeaderProgress::none);
  EXPECT_FALSE(block.finalHeadSeen());
  EXPECT_EQ(block.onLine("\r\n"), HeaderProgress::finalHead);
}

TEST(HeaderBlock, AppendsBehindWhatTheBatchHolds) {
  HeaderBlock block(kLimit);
  (void)feed(block, {"HTTP/1.1 204 No\r\n", "a: b\r\n", "\r\n"});
  EventBatch batch;
  batch.words = {77};
  batch.text = "before";
  block.appendHead(batch, RequestId{1});
  block.appendEnd(batch, RequestId{1});
  EXPECT_EQ(batch.words, (Words{77, 1, 1, 204, 11, 2, 1, 1, 1, 4, 1, 0}));
  EXPECT_EQ(batch.text, "beforeNoab");
}

struct StatusLine {
  const char* line;
  std::uint32_t status;
  std::uint32_t version;
  const char* text;
};

class HeaderBlockStatusLine : public testing::TestWithParam<StatusLine> {};

TEST_P(HeaderBlockStatusLine, TellsVersionStatusAndText) {
  HeaderBlock block(kLimit);
  ASSERT_EQ(feed(block, {GetParam().line, "\r\n"}), HeaderProgress::finalHead);
  const auto [words, text] = headOf(block);
  const auto textLength = static_cast<std::uint32_t>(text.size());
  EXPECT_EQ(words, (Words{1, 9, GetParam().status, GetParam().version, textLength, 0}));
  EXPECT_EQ(text, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Good,
    HeaderBlockStatusLine,
    testing::Values(
        StatusLine{"HTTP/1.1 200 OK\r\n", 200, 11, "OK"},
        StatusLine{"HTTP/1.0 404 Not Found\r\n", 404, 10, "Not Found"},
        StatusLine{"HTTP/2 200 \r\n", 200, 20, ""},
        StatusLine{"HTTP/3 503 \r\n", 503, 30, ""},
        StatusLine{"HTTP/1.1 200\r\n", 200, 11, ""},
        StatusLine{"HTTP/1.1 200 \r\n", 200, 11, ""},
        StatusLine{"HTTP/1.1 999 \xc3\xa9\xff\r\n", 999, 11, "\xc3\xa9\xff"}
    )
);

class HeaderBlockBadStatusLine : public testing::TestWithParam<std::string_view> {};

TEST_P(HeaderBlockBadStatusLine, IsMalformed) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(block.onLine(GetParam()), HeaderProgress::failed);
  EXPECT_EQ(block.error().code, Errc::malformedResponse);
  EXPECT_FALSE(block.error().message.empty());
}

using std::string_view_literals::operator""sv;

INSTANTIATE_TEST_SUITE_P(
    Bad,
    HeaderBlockBadStatusLine,
    testing::Values(
        "\r\n"sv,
        ""sv,
        "garbage\r\n"sv,
        "HTTP/1.1\r\n"sv,
        "HTTP/1.1 \r\n"sv,
        "HTTP/1.1 20 OK\r\n"sv,
        "HTTP/1.1 2000 OK\r\n"sv,
        "HTTP/1.1 099 OK\r\n"sv,
        "HTTP/1.1 -20 OK\r\n"sv,
        "HTTP/1.1 +20 OK\r\n"sv,
        "HTTP/1.1 abc OK\r\n"sv,
        "HTTP/1.1  200 OK\r\n"sv,
        "HTTP/1.2 200 OK\r\n"sv,
        "HTTP/2 200\r\n"sv,
        "HTTP/3 200\r\n"sv,
        "ICY 200 OK\r\n"sv,
        "HTTP/1.1 200 OK\n"sv,
        "HTTP/1.1 200 O\rK\r\n"sv,
        "HTTP/1.1 200 O\0K\r\n"sv
    )
);

class HeaderBlockBadField : public testing::TestWithParam<std::string_view> {};

TEST_P(HeaderBlockBadField, IsMalformedInAHead) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(feed(block, {"HTTP/1.1 200 OK\r\n", GetParam()}), HeaderProgress::failed);
  EXPECT_EQ(block.error().code, Errc::malformedResponse);
}

TEST_P(HeaderBlockBadField, IsMalformedInTrailers) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(feed(block, {"HTTP/1.1 200 OK\r\n", "\r\n", GetParam()}), HeaderProgress::failed);
  EXPECT_EQ(block.error().code, Errc::malformedResponse);
}

INSTANTIATE_TEST_SUITE_P(
    Bad,
    HeaderBlockBadField,
    testing::Values(
        "no colon\r\n"sv,
        ": empty name\r\n"sv,
        " : blank name\r\n"sv,
        " folded\r\n"sv,
        "\tfolded: too\r\n"sv,
        "name : value\r\n"sv,
        "na me: value\r\n"sv,
        "name\0: value\r\n"sv,
        "name: val\0ue\r\n"sv,
        "name: val\rue\r\n"sv,
        "name: val\x01ue\r\n"sv,
        "name: val\x7fue\r\n"sv,
        "n\xe4me: value\r\n"sv,
        "name: bare line feed\n"sv,
        "name: no line ending"sv,
        "HTTP/1.1 200 OK\r\n"sv
    )
);

TEST(HeaderBlock, StripsBlanksInFrontOfValuesAndNothingElse) {
  HeaderBlock block(kLimit);
  (void)feed(
      block,
      {"HTTP/1.1 200 OK\r\n",
       "A: \t b \t c\t \r\n",
       "Set-Cookie:x=\"1; 2\"\r\n",
       "b:   \r\n",
       "c: :d:\r\n",
       "\r\n"}
  );
  const auto [words, text] = headOf(block);
  EXPECT_EQ(words, (Words{1, 9, 200, 11, 2, 4, 1, 7, 10, 8, 1, 0, 1, 3}));
  EXPECT_EQ(text, "OKAb \t c\t Set-Cookiex=\"1; 2\"bc:d:");
}

TEST(HeaderBlock, LetsHighBytesThroughInValues) {
  HeaderBlock block(kLimit);
  ASSERT_EQ(
      feed(block, {"HTTP/1.1 200 OK\r\n", "a: \x80\xff\xe4\r\n", "\r\n"}), HeaderProgress::finalHead
  );
  EXPECT_EQ(headOf(block).text, "OKa\x80\xff\xe4");
}

TEST(HeaderBlock, InformationalHeadsAreRecordsOfTheirOwn) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(
      feed(block, {"HTTP/1.1 103 Early Hints\r\n", "Link: </a>\r\n", "\r\n"}),
      HeaderProgress::informationalHead
  );
  EXPECT_FALSE(block.finalHeadSeen());
  auto record = headOf(block);
  EXPECT_EQ(record.words, (Words{1, 9, 103, 11, 11, 1, 4, 4}));
  EXPECT_EQ(record.text, "Early HintsLink</a>");
  EXPECT_EQ(feed(block, {"HTTP/1.1 102 \r\n", "\r\n"}), HeaderProgress::informationalHead);
  EXPECT_EQ(headOf(block).words, (Words{1, 9, 102, 11, 0, 0}));
  EXPECT_EQ(feed(block, {"HTTP/1.1 200 OK\r\n", "a: b\r\n", "\r\n"}), HeaderProgress::finalHead);
  record = headOf(block);
  EXPECT_EQ(record.words, (Words{1, 9, 200, 11, 2, 1, 1, 1}));
  EXPECT_EQ(record.text, "OKab");
}

TEST(HeaderBlock, A100IsNotAHeadToReport) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(
      feed(block, {"HTTP/1.1 100 Continue\r\n", "x: y\r\n", "\r\n"}), HeaderProgress::continueHead
  );
  EXPECT_EQ(feed(block, {"HTTP/1.1 200 OK\r\n", "\r\n"}), HeaderProgress::finalHead);
  EXPECT_EQ(headOf(block).text, "OK");
}

TEST(HeaderBlock, A100OverHttp2IsAHeadAsAnyOther) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(feed(block, {"HTTP/2 100 \r\n", "\r\n"}), HeaderProgress::informationalHead);
}

TEST(HeaderBlock, A101IsToldApart) {
  HeaderBlock block(kLimit);
  EXPECT_EQ(
      feed(block, {"HTTP/1.1 101 Switching Protocols\r\n", "Upgrade: websocket\r\n", "\r\n"}),
      HeaderProgress::switchingHead
  );
  EXPECT_EQ(block.facts().status, 101U);
  EXPECT_EQ(headOf(block).words, (Words{1, 9, 101, 11, 19, 1, 7, 9}));
}

TEST(HeaderBlock, TrailersBelongToTheEndRecord) {
  HeaderBlock block(kLimit);
  (void)feed(block, {"HTTP/1.1 200 OK\r\n", "Transfer-Encoding: chunked\r\n", "\r\n"});
  EXPECT_EQ(block.onLine("Expires: 0\r\n"), HeaderProgress::trailer);
  EXPECT_EQ(block.onLine("X-Sum: abc \r\n"), HeaderProgress::trailer);
  EXPECT_EQ(block.onLine("\r\n"), HeaderProgress::none);
  const auto [words, text] = endOf(block);
  EXPECT_EQ(words, (Words{4, 9, 2, 7, 1, 5, 4}));
  EXPECT_EQ(text, "Expires0X-Sumabc ");
  EXPECT_EQ(block.facts().status, 200U);
  EXPECT_TRUE(block.facts().chunked);
}

TEST(HeaderBlock, WithoutTrailersTheEndRecordIsBare) {
  HeaderBlock block(kLimit);
  (void)feed(block, {"HTTP/1.1 200 OK\r\n", "a: b\r\n", "\r\n"});
  const auto [words, text] = endOf(block);
  EXPECT_EQ(words, (Words{4, 9, 0}));
  EXPECT_EQ(text, "");
}

TEST(HeaderBlock, NamesAndValuesTogetherStayBelowTheLimit) {
  HeaderBlock exact(10);
  EXPECT_EQ(
      feed(exact, {"HTTP/1.1 200 long status text\r\n", "abc: de\r\n", "f:  ghi\r\n", "\r\n"}),
      HeaderProgress::finalHead
  );
  HeaderBlock over(9);
  EXPECT_EQ(
      feed(over, {"HTTP/1.1 200 OK\r\n", "abc: de\r\n", "f: ghi\r\n"}), HeaderProgress::failed
  );
  EXPECT_EQ(over.error().code, Errc::headersOverflow);
}

TEST(HeaderBlock, TheLimitIsForEachHeadAndForTheTrailers) {
  HeaderBlock block(10);
  const auto progress = feed(
      block,
      {"HTTP/1.1 103 \r\n",
       "abcd: efgh\r\n",
       "\r\n",
       "HTTP/1.1 200 OK\r\n",
       "abcd: efgh\r\n",
       "\r\n",
       "abcd: efgh\r\n"}
  );
  EXPECT_EQ(progress, HeaderProgress::trailer);
  EXPECT_EQ(block.onLine("i: \r\n"), HeaderProgress::trailer);
  EXPECT_EQ(block.onLine("j: \r\n"), HeaderProgress::failed);
  EXPECT_EQ(block.error().code, Errc::headersOverflow);
}

TEST(HeaderBlock, IsReadyForAnotherRequestAfterReset) {
  HeaderBlock block(10);
  EXPECT_EQ(
      feed(block, {"HTTP/1.1 200 OK\r\n", "a: b\r\n", "long: long long\r\n"}),
      HeaderProgress::failed
  );
  block.reset();
  EXPECT_EQ(feed(block, {"HTTP/2 204 \r\n", "c: d\r\n", "\r\n"}), HeaderProgress::finalHead);
  EXPECT_EQ(headOf(block).words, (Words{1, 9, 204, 20, 0, 1, 1, 1}));
  EXPECT_EQ(headOf(block).text, "cd");
  block.reset();
  EXPECT_FALSE(block.finalHeadSeen());
  EXPECT_EQ(block.facts().status, 0U);
}

}  // namespace
}  // namespace dodici
