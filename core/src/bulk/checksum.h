// The checksum of a downloaded object, whichever was asked for.
//
// Threads: one at a time.
#pragma once

#include "curl/digest.h"
#include "dodici/download.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace dodici {

class Checksum {
 public:
  // REQUIRES: `kind` is not none.
  explicit Checksum(ChecksumKind kind);

  void add(std::span<const std::byte> bytes);

  // Lower-case hexadecimal.
  std::string finish();

 private:
  std::unique_ptr<Digest> digest_;  // null for a CRC
  std::uint32_t crc_ = 0;
};

}  // namespace dodici
