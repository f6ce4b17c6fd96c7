// Bodies with content codings, for tests.
#pragma once

#include <zlib.h>

#include <array>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dodici {

inline std::string fromHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

inline std::string times(std::string_view text, std::size_t count) {
  std::string all;
  all.reserve(text.size() * count);
  for (std::size_t i = 0; i < count; ++i) {
    all += text;
  }
  return all;
}

// What the texts below say.
inline std::string plainText() { return times("compressed ", 20); }

inline const std::string kGzip =
    fromHex("1f8b08000000000000034bcecf2d284a2d2e4e4d51481e6e4c00a416fae9dc000000");
inline const std::string kDeflate = fromHex("789c4bcecf2d284a2d2e4e4d51481e6e4c0087c156a5");
inline const std::string kBareDeflate = fromHex("4bcecf2d284a2d2e4e4d51481e6e4c00");
inline const std::string kBrotli = fromHex("1bdb00f825c7dadeaa93c12a8078b89d0b");
inline const std::string kZstd = fromHex("28b52ffd20dc95000058636f6d707265737365642001004e53c50b");
inline const std::string kZstdWithSum =
    fromHex("28b52ffd24dc95000058636f6d707265737365642001004e53c50bdecc8650");
inline const std::string kSkippableFrame = fromHex("502a4d180400000001020304");

inline std::string gzipOf(std::string_view plain) {
  z_stream stream{};
  constexpr int kGzipFormat = MAX_WBITS + 16;
  constexpr int kMostMemory = 9;
  if (deflateInit2(&stream, 9, Z_DEFLATED, kGzipFormat, kMostMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string coded(deflateBound(&stream, plain.size()), '\0');
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(coded.data());
  stream.avail_out = static_cast<uInt>(coded.size());
  deflate(&stream, Z_FINISH);
  coded.resize(stream.total_out);
  deflateEnd(&stream);
  return coded;
}

// A frame that says "128 KB of this byte" again and again, in four bytes each.
inline std::string zstdOfZeros(std::size_t blocks) {
  std::string coded = fromHex("28b52ffd0050");  // a window of 1 MB
  const auto block = [](bool isLast) {
    const std::uint32_t header = (isLast ? 1U : 0U) | (1U << 1U) | ((128U * 1024U) << 3U);
    return std::string{
        static_cast<char>(header & 0xffU),
        static_cast<char>((header >> 8U) & 0xffU),
        static_cast<char>((header >> 16U) & 0xffU),
        '\0'};
  };
  coded += times(block(false), blocks - 1);
  return coded + block(true);
}

}  // namespace dodici
