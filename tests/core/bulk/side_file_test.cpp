#include "bulk/side_file.h"

#include <gtest/gtest.h>

#include <string>

namespace dodici {
namespace {

SideFile someFile() {
  return {"key", "boot\n", {1000, "\"a\\b\xe9\"", "", "\"a\\b\xe9\"", {{0, 10}, {20, 1000}}}};
}

TEST(SideFile, IsALineOfJson) {
  EXPECT_EQ(
      toText(someFile()),
      R"({"dodici":1,"source":"key","boot":"boot\u000a","size":1000,"etag":"\"a\\b\u00e9\"",)"
      R"("lastModified":"","validator":"\"a\\b\u00e9\"","spans":[[0,10],[20,1000]],"crc32c":1204790879})"
      "\n"
  );
}

TEST(SideFile, IsReadAsItWasWritten) {
  const auto read = parseSideFile(toText(someFile()));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->source, "key");
  EXPECT_EQ(read->boot, "boot\n");
  EXPECT_EQ(read->object.validator, someFile().object.validator);
  EXPECT_EQ(toText(*read), toText(someFile()));
}

TEST(SideFile, ThatDiffersInAByteIsNotRead) {
  const std::string text = toText(someFile());
  for (std::size_t at = 0; at < text.size(); ++at) {
    EXPECT_FALSE(parseSideFile(text.substr(0, at)));
    for (const char other : {'0', '1', '9', ' ', '"', ']', '\\', 'a', '\0'}) {
      std::string changed = text;
      changed[at] = other;
      EXPECT_TRUE(changed == text || !parseSideFile(changed)) << changed;
    }
  }
  EXPECT_FALSE(parseSideFile(text + " "));
  EXPECT_FALSE(parseSideFile(""));
}

TEST(SideFile, OfAnObjectThatCannotBeIsNotRead) {
  const auto isRead = [](auto change) {
    SideFile file = someFile();
    change(file.object);
    return parseSideFile(toText(file)).has_value();
  };
  EXPECT_TRUE(isRead([](PartialObject&) {}));
  EXPECT_FALSE(isRead([](PartialObject& object) { object.spans = {}; }));
  EXPECT_FALSE(isRead([](PartialObject& object) { object.spans = {{5, 5}}; }));
  EXPECT_FALSE(isRead([](PartialObject& object) { object.spans = {{5, 1001}}; }));
  EXPECT_FALSE(isRead([](PartialObject& object) { object.spans = {{0, 10}, {9, 20}}; }));
  EXPECT_FALSE(isRead([](PartialObject& object) { object.spans = {{20, 30}, {0, 10}}; }));
  EXPECT_FALSE(isRead([](PartialObject& object) { object.size = ~std::uint64_t{0}; }));
  EXPECT_FALSE(isRead([](PartialObject& object) { object.validator = ""; }));
  EXPECT_FALSE(isRead([](PartialObject& object) { object.validator = "\"other\""; }));
  EXPECT_FALSE(isRead([](PartialObject& object) {
    object.etag = object.validator = "\"a\r\nx: y\"";
  }));
}

}  // namespace
}  // namespace dodici
