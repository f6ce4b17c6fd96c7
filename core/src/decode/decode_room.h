// The buffer into which a step decodes. All transfers of a client on a loop share it.
//
// Threads: loop thread only.
// Owner:   RequestRunner.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

namespace dodici {

class DecodeRoom {
 public:
  static constexpr std::size_t kSize = 64 * 1024;

  std::span<std::byte> get() {
    if (!memory_) {
      memory_ = std::make_unique_for_overwrite<Memory>();
    }
    return *memory_;
  }

 private:
  using Memory = std::array<std::byte, kSize>;
  std::unique_ptr<Memory> memory_;
};

}  // namespace dodici
