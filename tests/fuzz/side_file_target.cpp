// Whatever is in a side file, what is read from it is possible, and writing that gives the same text.
#include "bulk/side_file.h"
#include "input.h"

#include <string>

namespace dodici::fuzz {

namespace {

void requirePossible(std::string_view text) {
  const auto file = parseSideFile(text);
  if (!file) {
    return;
  }
  const PartialObject& object = file->object;
  std::uint64_t at = 0;
  for (const ByteSpan& span : object.spans) {
    require(at == 0 || span.begin > at, "there is a gap between two spans");
    require(span.begin < span.end, "a span has bytes");
    at = span.end;
  }
  require(at > 0 && at <= object.size, "the spans are within the object");
  require(!object.validator.empty(), "there is a validator");
  const auto again = parseSideFile(toText(*file));
  require(again && toText(*again) == toText(*file), "it is read as it was written");
}

}  // namespace

void sideFile(Bytes bytes) {
  Input input(bytes);
  if (input.flag()) {
    requirePossible(input.rest());
    return;
  }
  // A right one, a byte of which may be another.
  SideFile file{std::string(input.text(input.below(8))), "", {}};
  file.object.size = input.byte();
  file.object.etag = input.text(input.below(8));
  file.object.validator = file.object.etag;
  for (std::uint32_t spans = input.below(4); spans > 0; --spans) {
    file.object.spans.push_back({input.byte(), input.byte()});
  }
  std::string text = toText(file);
  if (input.flag()) {
    text[input.byte() % text.size()] = static_cast<char>(input.byte());
  }
  requirePossible(text);
}

}  // namespace dodici::fuzz
