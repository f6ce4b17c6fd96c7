// For any bytes the result of ChunkCheck does not depend on their pieces, and what it accepts as a body is one.
#include "http/chunk_check.h"
#include "input.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dodici::fuzz {

namespace {

struct Finding {
  std::string_view fault;
  std::uint64_t bodySize;
  bool excess;

  bool operator==(const Finding&) const = default;
};

Finding check(std::string_view text, std::size_t piece) {
  ChunkCheck check;
  while (!text.empty()) {
    check.onBytes(text.substr(0, piece));
    text.remove_prefix(std::min(piece, text.size()));
  }
  const char* const fault = check.fault();
  return {fault == nullptr ? "" : fault, check.bodySize(), check.hasExcess()};
}

}  // namespace

void chunkCheck(Bytes bytes) {
  Input input(bytes);
  const std::size_t piece = 1 + input.below(20);
  const std::string_view text = input.rest();
  const Finding whole = check(text, text.size());
  require(check(text, piece) == whole, "pieces do not matter");
  require(check(text, 1) == whole, "bytes do not matter");
  require(whole.bodySize <= text.size(), "a body is not larger than what came");
  require(whole.fault.empty() || !whole.excess, "behind a fault there is no end");
  require(!whole.excess || text.find("\r\n\r\n") != text.npos, "an end has its blank line");
  require(whole.bodySize == 0 || text.find("\r\n") != text.npos, "a body stands behind its size");
}

}  // namespace dodici::fuzz
