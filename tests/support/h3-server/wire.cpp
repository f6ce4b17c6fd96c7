#include "wire.h"

#include <charconv>
#include <stdexcept>

namespace h3server {

std::optional<std::uint64_t> takeNumber(std::string_view& bytes) {
  if (bytes.empty()) {
    return std::nullopt;
  }
  const auto first = static_cast<std::uint8_t>(bytes.front());
  const std::size_t length = std::size_t{1} << (first >> 6U);
  if (bytes.size() < length) {
    return std::nullopt;
  }
  std::uint64_t number = first & 0x3fU;
  for (std::size_t n = 1; n < length; ++n) {
    number = number << 8U | static_cast<std::uint8_t>(bytes[n]);
  }
  bytes.remove_prefix(length);
  return number;
}

void appendNumber(std::string& bytes, std::uint64_t number) {
  unsigned exponent = 0;
  while (exponent < 3 && number >> ((8U << exponent) - 2U) != 0) {
    ++exponent;
  }
  const unsigned length = 1U << exponent;
  for (unsigned n = length; n-- > 0;) {
    auto byte = static_cast<std::uint8_t>(number >> (8U * n));
    if (n + 1 == length) {
      byte = static_cast<std::uint8_t>((byte & 0x3fU) | exponent << 6U);
    }
    bytes.push_back(static_cast<char>(byte));
  }
}

std::string bytesFromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) {
    throw std::invalid_argument("an odd number of hexadecimal digits");
  }
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t at = 0; at < hex.size(); at += 2) {
    std::uint8_t byte = 0;
    const char* end = hex.data() + at + 2;
    if (std::from_chars(hex.data() + at, end, byte, 16).ptr != end) {
      throw std::invalid_argument("no hexadecimal digits: " + std::string(hex.substr(at, 2)));
    }
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

std::uint64_t numberFrom(std::string_view text) {
  const bool isHex = text.starts_with("0x");
  const std::string_view digits = isHex ? text.substr(2) : text;
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, number, isHex ? 16 : 10);
  if (digits.empty() || result.ptr != end || result.ec != std::errc{}) {
    throw std::invalid_argument("no number: " + std::string(text));
  }
  return number;
}

std::string frameHead(std::uint64_t type, std::uint64_t length) {
  std::string bytes;
  appendNumber(bytes, type);
  appendNumber(bytes, length);
  return bytes;
}

}  // namespace h3server
