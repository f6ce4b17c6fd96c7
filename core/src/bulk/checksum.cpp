#include "bulk/checksum.h"

#include "bulk/crc32c.h"

namespace dodici {

Checksum::Checksum(ChecksumKind kind) {
  if (kind != ChecksumKind::crc32c) {
    const bool isSha = kind == ChecksumKind::sha256;
    digest_ = std::make_unique<Digest>(isSha ? Digest::Kind::sha256 : Digest::Kind::md5);
  }
}

void Checksum::add(std::span<const std::byte> bytes) {
  if (digest_) {
    digest_->add(bytes);
  } else {
    crc_ = crc32c(crc_, bytes);
  }
}

std::string Checksum::finish() {
  if (digest_) {
    return digest_->finish();
  }
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 28; shift >= 0; shift -= 4) {
    text.push_back(kDigits[(crc_ >> shift) & 0xf]);
  }
  return text;
}

}  // namespace dodici
