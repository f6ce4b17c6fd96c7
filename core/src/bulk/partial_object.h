// An object of which a part is there: what it is, and which bytes.
//
// Threads: plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace dodici {

// The bytes [begin, end).
struct ByteSpan {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct PartialObject {
  std::uint64_t size = 0;
  std::string etag;
  std::string lastModified;
  std::string validator;        // one of these two, for `If-Range`
  std::vector<ByteSpan> spans;  // in order, with gaps between them
};

}  // namespace dodici
