// Shared by the tests of HeaderBlock.
#pragma once

#include "http/header_block.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string_view>

namespace dodici {

inline std::ostream& operator<<(std::ostream& out, HeaderProgress progress) {
  switch (progress) {
    case HeaderProgress::none:
      return out << "none";
    case HeaderProgress::continueHead:
      return out << "continueHead";
    case HeaderProgress::informationalHead:
      return out << "informationalHead";
    case HeaderProgress::switchingHead:
      return out << "switchingHead";
    case HeaderProgress::finalHead:
      return out << "finalHead";
    case HeaderProgress::trailer:
      return out << "trailer";
    case HeaderProgress::failed:
      return out << "failed";
  }
  return out;
}

inline constexpr std::uint32_t kLimit = 16 * 1024;

// Feeds all lines and returns the progress of the last one. The others must not fail.
inline HeaderProgress feed(HeaderBlock& block, std::initializer_list<std::string_view> lines) {
  HeaderProgress progress = HeaderProgress::none;
  for (const std::string_view line : lines) {
    EXPECT_NE(progress, HeaderProgress::failed) << "before " << line;
    progress = block.onLine(line);
  }
  return progress;
}

}  // namespace dodici
