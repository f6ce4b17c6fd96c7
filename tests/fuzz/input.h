// Arbitrary bytes, read as choices. Reading past the end gives zeros, so every input is valid.
//
// Threads: a plain value over memory of the caller's.
#pragma once

#include "targets.h"

#include <algorithm>

namespace dodici::fuzz {

class Input {
 public:
  explicit Input(Bytes bytes) : bytes_(bytes) {}

  bool empty() const { return bytes_.empty(); }

  std::uint8_t byte() {
    if (bytes_.empty()) {
      return 0;
    }
    const std::uint8_t first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }

  bool flag() { return (byte() & 1U) != 0; }

  // 0 to n - 1, for n up to 256.
  std::uint32_t below(std::uint32_t n) { return byte() % n; }

  std::string_view text(std::size_t most) {
    const Bytes taken = bytes_.first(std::min(most, bytes_.size()));
    bytes_ = bytes_.subspan(taken.size());
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

  std::string_view rest() { return text(bytes_.size()); }

 private:
  Bytes bytes_;
};

}  // namespace dodici::fuzz
