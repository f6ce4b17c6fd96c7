// The content codings that a content-encoding header names.
//
// Threads: plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dodici {

enum class Coding : std::uint8_t { gzip, deflate, brotli, zstd };

// A list of them, in the order in which the server applied them.
class Codings {
 public:
  // undici accepts no more in one response.
  static constexpr std::size_t kMost = 5;

  // Reads the header's value; the values of several such headers must be joined by commas. The list is empty if a coding is
  // unknown or not built in, or if there are too many.
  static Codings of(std::string_view value);

  bool empty() const { return size_ == 0; }

  std::size_t size() const { return size_; }

  Coding at(std::size_t index) const { return codings_.at(index); }

 private:
  bool add(std::string_view name);

  std::array<Coding, kMost> codings_{};
  std::size_t size_ = 0;
};

}  // namespace dodici
