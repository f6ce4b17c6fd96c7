#include "bulk/checksum.h"

#include "bulk/crc32c.h"

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>

namespace dodici {
namespace {

std::span<const std::byte> bytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string checksumOf(ChecksumKind kind, std::string_view text) {
  Checksum checksum(kind);
  checksum.add(bytesOf(text.substr(0, text.size() / 2)));
  checksum.add(bytesOf(text.substr(text.size() / 2)));
  return checksum.finish();
}

TEST(Checksum, IsThatOfTheStandards) {
  EXPECT_EQ(checksumOf(ChecksumKind::md5, "abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(
      checksumOf(ChecksumKind::sha256, "abc"),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
  );
  EXPECT_EQ(checksumOf(ChecksumKind::crc32c, "123456789"), "e3069283");
  // RFC 3720, B.4.
  EXPECT_EQ(checksumOf(ChecksumKind::crc32c, std::string(32, '\0')), "8a9136aa");
  EXPECT_EQ(checksumOf(ChecksumKind::crc32c, std::string(32, '\xff')), "62a8ab43");
  EXPECT_EQ(checksumOf(ChecksumKind::crc32c, ""), "00000000");
}

TEST(Checksum, DoesNotDependOnHowTheBytesAreCut) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text.push_back(static_cast<char>(i * 37));
  }
  const std::uint32_t whole = crc32c(0, bytesOf(text));
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::string_view view = text;
    EXPECT_EQ(crc32c(crc32c(0, bytesOf(view.substr(0, cut))), bytesOf(view.substr(cut))), whole);
  }
}

}  // namespace
}  // namespace dodici
