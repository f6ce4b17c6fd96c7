// Checks the framing of a chunked body as strictly as undici's parser. libcurl is less strict: it reads "2x" as 2,
// accepts a bare LF as a line end, and keeps a connection on which bytes follow the last chunk. This class decodes
// nothing.
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

  // Takes the next bytes as they came; they are ignored after a fault. REQUIRES: none of them belongs to the head.
  void onBytes(std::string_view bytes);

  // Describes the fault; nullptr if there is none.
  const char* fault() const { return fault_; }

  // The number of body bytes so far, or before the fault.
  std::uint64_t bodySize() const { return bodySize_; }

  // Whether the last chunk and the trailers have come.
  bool isDone() const { return phase_ == Phase::over; }

  // Whether bytes followed the end.
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
  std::uint64_t left_ = 0;  // bytes left of the chunk
  std::uint64_t bodySize_ = 0;
  const char* fault_ = nullptr;
};

}  // namespace dodici
