// Decodes one content coding of a body, piece by piece.
//
// Threads: one at a time; the loop thread's.
// Owner:   ContentDecoder.
#pragma once

#include "decode/codings.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace dodici {

// Why a body cannot be decoded, as node:zlib reports it.
struct DecodeFault {
  std::int32_t number = 0;  // `errno`
  std::string code;
  std::string words;
};

class DecodeStage {
 public:
  using Bytes = std::span<const std::byte>;
  using Room = std::span<std::byte>;

  static std::unique_ptr<DecodeStage> of(Coding coding);

  DecodeStage() = default;
  virtual ~DecodeStage() = default;

  DecodeStage(const DecodeStage&) = delete;
  DecodeStage& operator=(const DecodeStage&) = delete;

  // Decodes from `in` into `out`, and removes what it has read and written from both. If `out` is not full afterwards, nothing more
  // can be decoded from `in`; if `in` is not empty then, its rest is behind the end of the coded data. False: see fault().
  virtual bool decode(Bytes& in, Room& out) = 0;

  // There is no more input. False if the coded data is incomplete and that is an error: see fault().
  virtual bool finish() { return true; }

  // REQUIRES: decode() or finish() returned false.
  const DecodeFault& fault() const { return fault_; }

 protected:
  bool fail(std::int32_t number, std::string_view code, std::string_view words) {
    fault_ = DecodeFault{number, std::string(code), std::string(words)};
    return false;
  }

 private:
  DecodeFault fault_;
};

// Each throws std::bad_alloc if there is no memory.
std::unique_ptr<DecodeStage> makeGzipStage();
// Servers use two formats for `deflate`: zlib's, as the RFC says, and the raw one. The first byte tells them apart.
std::unique_ptr<DecodeStage> makeDeflateStage();
std::unique_ptr<DecodeStage> makeBrotliStage();
std::unique_ptr<DecodeStage> makeZstdStage();

}  // namespace dodici
