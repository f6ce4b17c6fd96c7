#include "dodici/error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dodici {
namespace {

TEST(Errc, EachCodeHasASentenceOfItsOwn) {
  std::set<std::string> sentences;
  constexpr auto kLast = static_cast<std::uint32_t>(Errc::internal);
  for (std::uint32_t code = 1; code <= kLast; ++code) {
    const std::string sentence = describe(static_cast<Errc>(code));
    EXPECT_FALSE(sentence.empty());
    EXPECT_NE(sentence, "an unknown error") << "code " << code;
    EXPECT_TRUE(sentences.insert(sentence).second) << sentence;
  }
}

TEST(Errc, ANumberThatIsNoCodeIsDescribedToo) {
  EXPECT_STREQ(describe(static_cast<Errc>(9999)), "an unknown error");
}

}  // namespace
}  // namespace dodici
