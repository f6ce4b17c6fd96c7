// Follows the framing of a chunked body as strictly as undici's parser, which libcurl does not: it takes "2x" for 2, a bare LF
// for a line end, and keeps a connection on which more came behind the last chunk. It decodes nothing.
//
// Threads: loop thread only.
// Owner:   Transfer.
#pragma once

#include <cstdint>
#include <string_view>

namespace dodici {

class ChunkCheck {
 public:
  void reset() { *this = {}; }

  // The next bytes as they came; after the first fault they do not count. REQUIRES: none of them is of the head.
  void onBytes(std::string_view bytes);

  // What is wrong, or nullptr.
  const char* fault() const { return fault_; }

  // How much body there was up to the fault, or up to now.
  std::uint64_t bodySize() const { return bodySize_; }

  // The last chunk and the trailers have come.
  bool isDone() const { return phase_ == Phase::over; }

  // There were bytes behind the end.
  bool hasExcess() const { return hasExcess_; }

 private:
  enum class Phase : std::uint8_t {
    firstDigit,
    size,
    extension,
    sizeLf,
    data,
    dataCr,
    dataLf,
    trailerStart,
    trailer,
    trailerLf,
    lastLf,
    over,
  };

  void onByte(char c);
  void expect(char c, char wanted, Phase next, const char* fault);

  Phase phase_ = Phase::firstDigit;
  bool hasExcess_ = false;
  std::uint64_t left_ = 0;  // of the chunk
  std::uint64_t bodySize_ = 0;
  const char* fault_ = nullptr;
};

}  // namespace dodici
