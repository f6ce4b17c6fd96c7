#include "decode/codings.h"

#include "http/header_syntax.h"

#include <optional>

namespace dodici {

namespace {

// What JavaScript's trim() takes off latin1 text.
constexpr std::string_view kBlanks = " \t\n\v\f\r\xa0";

std::string_view trimmed(std::string_view text) {
  const std::size_t start = text.find_first_not_of(kBlanks);
  if (start == std::string_view::npos) {
    return {};
  }
  return text.substr(start, text.find_last_not_of(kBlanks) - start + 1);
}

std::optional<Coding> codingOf(std::string_view name) {
  if (DODICI_HAS_ZLIB && (equalsIgnoringCase(name, "gzip") || equalsIgnoringCase(name, "x-gzip"))) {
    return Coding::gzip;
  }
  if (DODICI_HAS_ZLIB && equalsIgnoringCase(name, "deflate")) {
    return Coding::deflate;
  }
  if (DODICI_HAS_BROTLI && equalsIgnoringCase(name, "br")) {
    return Coding::brotli;
  }
  if (DODICI_HAS_ZSTD && equalsIgnoringCase(name, "zstd")) {
    return Coding::zstd;
  }
  return std::nullopt;
}

}  // namespace

Codings Codings::of(std::string_view value) {
  Codings codings;
  for (;;) {
    const std::size_t comma = value.find(',');
    if (!codings.add(trimmed(value.substr(0, comma)))) {
      return {};
    }
    if (comma == std::string_view::npos) {
      return codings;
    }
    value.remove_prefix(comma + 1);
  }
}

bool Codings::add(std::string_view name) {
  const auto coding = codingOf(name);
  if (!coding || size_ == kMost) {
    return false;
  }
  codings_.at(size_++) = *coding;
  return true;
}

}  // namespace dodici
