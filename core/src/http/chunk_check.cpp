#include "http/chunk_check.h"

#include "http/header_syntax.h"

#include <algorithm>

namespace dodici {

namespace {

// Returns -1 if the character is not a hexadecimal digit.
int hexDigit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char small = lower(c);
  return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

bool isControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

}  // namespace

void ChunkCheck::onBytes(std::string_view bytes) {
  while (!bytes.empty() && fault_ == nullptr) {
    if (phase_ == Phase::over) {
      hasExcess_ = true;
      return;
    }
    if (phase_ != Phase::data) {
      onByte(bytes.front());
      bytes.remove_prefix(1);
      continue;
    }
    const std::uint64_t taken = std::min<std::uint64_t>(left_, bytes.size());
    bytes.remove_prefix(taken);
    bodySize_ += taken;
    left_ -= taken;
    if (left_ == 0) {
      phase_ = Phase::dataCr;
    }
  }
}

void ChunkCheck::onByte(char c) {
  switch (phase_) {
    case Phase::firstDigit:
    case Phase::size:
      if (const int digit = hexDigit(c); digit >= 0) {
        if (left_ >> 60U != 0) {
          fault_ = "a chunk size beyond any number";
          return;
        }
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        phase_ = Phase::size;
      } else if (phase_ == Phase::size && c == ';') {
        phase_ = Phase::extension;
      } else if (phase_ == Phase::size && c == '\r') {
        phase_ = Phase::sizeLf;
      } else {
        fault_ = "invalid character in a chunk size";
      }
      return;
    case Phase::extension:
      if (c == '\r') {
        phase_ = Phase::sizeLf;
      } else if (isControl(c)) {
        fault_ = "invalid character in a chunk extension";
      }
      return;
    case Phase::sizeLf:
      return expect(
          c, '\n', left_ == 0 ? Phase::trailerStart : Phase::data, "no LF after a chunk size"
      );
    case Phase::dataCr:
      return expect(c, '\r', Phase::dataLf, "no CR after a chunk");
    case Phase::dataLf:
      return expect(c, '\n', Phase::firstDigit, "no LF after a chunk");
    case Phase::trailerStart:
      phase_ = c == '\r' ? Phase::lastLf : Phase::trailer;
      [[fallthrough]];
    case Phase::trailer:
      if (c == '\n') {
        fault_ = "a trailer without CR";
      } else if (c == '\r' && phase_ == Phase::trailer) {
        phase_ = Phase::trailerLf;
      }
      return;
    case Phase::trailerLf:
      return expect(c, '\n', Phase::trailerStart, "no LF after a trailer");
    case Phase::lastLf:
      return expect(c, '\n', Phase::over, "no LF at the end of a chunked body");
    case Phase::data:
    case Phase::over:
      return;
  }
}

void ChunkCheck::expect(char c, char wanted, Phase next, const char* fault) {
  if (c == wanted) {
    phase_ = next;
  } else {
    fault_ = fault;
  }
}

}  // namespace dodici
