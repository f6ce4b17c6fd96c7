// Numbers and bytes as QUIC, HTTP/3 and the commands write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace h3server {

// A number of QUIC's variable length at the front of `bytes`, which it takes away. None if more bytes are needed.
std::optional<std::uint64_t> takeNumber(std::string_view& bytes);

void appendNumber(std::string& bytes, std::uint64_t number);

// Throws std::invalid_argument.
std::string bytesFromHex(std::string_view hex);

// Decimal, or hexadecimal with 0x. Throws std::invalid_argument.
std::uint64_t numberFrom(std::string_view text);

namespace frame {
constexpr std::uint64_t kData = 0x0;
constexpr std::uint64_t kHeaders = 0x1;
}  // namespace frame

// The type and length of an HTTP/3 frame whose payload follows.
std::string frameHead(std::uint64_t type, std::uint64_t length);

}  // namespace h3server
