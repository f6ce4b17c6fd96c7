// CRC-32C (Castagnoli), as object stores use it.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace dodici {

// Returns the CRC of the bytes before, whose CRC is `crc` (0 for none), and `bytes`.
std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes);

}  // namespace dodici
