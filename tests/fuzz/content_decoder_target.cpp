// Any bytes at all, as a body with any codings: what comes out does not depend on the pieces in which they come, nor on the room
// that there is.
#include "decode/content_decoder.h"
#include "input.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dodici::fuzz {

namespace {

// A bomb is not waited for.
constexpr std::size_t kMostText = 256 * 1024;

struct Decoded {
  std::string text;
  bool failed = false;
  bool isWhole = true;
};

Decoded decode(
    const Codings& codings, std::string_view coded, std::size_t piece, std::size_t room
) {
  ContentDecoder decoder(codings);
  std::vector<std::byte> memory(room);
  Decoded decoded;
  while (!coded.empty()) {
    auto in = std::as_bytes(std::span(coded.substr(0, piece)));
    coded.remove_prefix(in.size());
    for (;;) {
      const auto step = decoder.step(in, memory);
      require(step.read <= in.size(), "it reads no more than there is");
      require(step.written <= room, "it writes no more than there is room for");
      in = in.subspan(step.read);
      if (step.next == ContentDecoder::Next::fails) {
        decoded.failed = true;
        require(!decoder.fault().code.empty(), "a fault has a code");
        return decoded;
      }
      decoded.text.append(reinterpret_cast<const char*>(memory.data()), step.written);
      if (decoded.text.size() > kMostText) {
        decoded.isWhole = false;
        return decoded;
      }
      if (step.next == ContentDecoder::Next::wantsInput) {
        require(in.empty(), "it wants more when it has read all");
        break;
      }
      require(
          step.written == room || step.next == ContentDecoder::Next::wantsTurn,
          "it wants room when there is none left"
      );
    }
  }
  decoded.failed = !decoder.finish();
  return decoded;
}

}  // namespace

void contentDecoder(Bytes bytes) {
  constexpr std::array<std::string_view, 4> kNames{"gzip", "deflate", "br", "zstd"};
  Input input(bytes);
  std::string header(kNames.at(input.below(kNames.size())));
  for (std::uint32_t more = input.below(3); more > 0; --more) {
    header.append(",").append(kNames.at(input.below(kNames.size())));
  }
  const std::size_t piece = 1 + input.below(20);
  const std::size_t room = 1 + input.below(200);
  const std::string_view coded = input.rest();
  const Codings codings = Codings::of(header);
  const Decoded whole = decode(codings, coded, coded.size(), 64 * 1024);
  const Decoded pieces = decode(codings, coded, piece, room);
  const std::size_t both = std::min(whole.text.size(), pieces.text.size());
  require(
      whole.text.compare(0, both, pieces.text, 0, both) == 0,
      "neither pieces nor room change what comes out"
  );
  if (whole.isWhole && pieces.isWhole) {
    require(whole.failed == pieces.failed, "nor whether it is well");
    require(whole.failed || whole.text.size() == pieces.text.size(), "nor how much it is");
  }
}

}  // namespace dodici::fuzz
