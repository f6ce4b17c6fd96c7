// zstd, by Facebook's library.
#include "decode/stage.h"

#if DODICI_HAS_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <new>

namespace dodici {

namespace {

// RFC 9659, 3: a server may use a window of 8 MB.
constexpr int kWindowLog = 23;

// node:zlib's `code` is the name from the library's header.
constexpr std::array<std::pair<ZSTD_ErrorCode, std::string_view>, 16> kNames{{
    {ZSTD_error_prefix_unknown, "ZSTD_error_prefix_unknown"},
    {ZSTD_error_version_unsupported, "ZSTD_error_version_unsupported"},
    {ZSTD_error_frameParameter_unsupported, "ZSTD_error_frameParameter_unsupported"},
    {ZSTD_error_frameParameter_windowTooLarge, "ZSTD_error_frameParameter_windowTooLarge"},
    {ZSTD_error_corruption_detected, "ZSTD_error_corruption_detected"},
    {ZSTD_error_checksum_wrong, "ZSTD_error_checksum_wrong"},
    {ZSTD_error_literals_headerWrong, "ZSTD_error_literals_headerWrong"},
    {ZSTD_error_dictionary_corrupted, "ZSTD_error_dictionary_corrupted"},
    {ZSTD_error_dictionary_wrong, "ZSTD_error_dictionary_wrong"},
    {ZSTD_error_tableLog_tooLarge, "ZSTD_error_tableLog_tooLarge"},
    {ZSTD_error_maxSymbolValue_tooLarge, "ZSTD_error_maxSymbolValue_tooLarge"},
    {ZSTD_error_maxSymbolValue_tooSmall, "ZSTD_error_maxSymbolValue_tooSmall"},
    {ZSTD_error_memory_allocation, "ZSTD_error_memory_allocation"},
    {ZSTD_error_workSpace_tooSmall, "ZSTD_error_workSpace_tooSmall"},
    {ZSTD_error_dstSize_tooSmall, "ZSTD_error_dstSize_tooSmall"},
    {ZSTD_error_srcSize_wrong, "ZSTD_error_srcSize_wrong"},
}};

std::string_view nameOf(ZSTD_ErrorCode code) {
  const auto* const found = std::ranges::find(kNames, code, &decltype(kNames)::value_type::first);
  return found == kNames.end() ? "ZSTD_error_GENERIC" : found->second;
}

// Whether a frame, or a skippable frame, can have this byte at this place among its first four. The last four bits of a skippable
// frame's first byte are free.
bool mayBegin(std::uint8_t byte, std::size_t index, std::uint8_t first) {
  constexpr std::array<std::uint8_t, 4> kFrame{0x28, 0xb5, 0x2f, 0xfd};
  constexpr std::array<std::uint8_t, 4> kSkippable{0x50, 0x2a, 0x4d, 0x18};
  const bool isFrame = (index == 0 ? byte : first) == kFrame.front();
  if (isFrame) {
    return byte == kFrame.at(index);
  }
  return (index == 0 ? byte & 0xf0U : byte) == kSkippable.at(index);
}

// Decodes all frames. Data behind them that is not a frame is ignored.
class ZstdStage final : public DecodeStage {
 public:
  ZstdStage() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) {
      throw std::bad_alloc();
    }
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kWindowLog);
  }

  ~ZstdStage() override { ZSTD_freeDCtx(context_); }

  bool decode(Bytes& in, Room& out) override {
    while (isInFrame_ || findFrame(in)) {
      if (magicSize_ > 0) {
        Bytes magic = std::as_bytes(std::span(magic_).first(std::exchange(magicSize_, 0)));
        if (!decodeFrame(magic, out)) {
          return false;
        }
      }
      if (!decodeFrame(in, out)) {
        return false;
      }
      if (in.empty() || out.empty()) {
        return true;
      }
    }
    return true;
  }

  bool finish() override {
    // node:zlib reports zlib's error here.
    constexpr std::int32_t kBufferError = -5;
    return !isInFrame_ || fail(kBufferError, "Z_BUF_ERROR", "unexpected end of file");
  }

 private:
  bool decodeFrame(Bytes& in, Room& out) {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t result = ZSTD_decompressStream(context_, &output, &input);
    in = in.subspan(input.pos);
    out = out.subspan(output.pos);
    if (ZSTD_isError(result) != 0) {
      const ZSTD_ErrorCode code = ZSTD_getErrorCode(result);
      return fail(code, nameOf(code), ZSTD_getErrorString(code));
    }
    isInFrame_ = result != 0;
    return true;
  }

  // Reads the next frame's first four bytes. True if they are complete.
  bool findFrame(Bytes& in) {
    while (!in.empty()) {
      const auto byte = std::to_integer<std::uint8_t>(in.front());
      if (isOver_ || !mayBegin(byte, magicSize_, magic_.front())) {
        isOver_ = true;
        return false;
      }
      magic_.at(magicSize_++) = byte;
      in = in.subspan(1);
      if (magicSize_ == magic_.size()) {
        isInFrame_ = true;
        return true;
      }
    }
    return false;
  }

  ZSTD_DCtx* const context_;
  bool isInFrame_ = true;  // the first frame is expected
  bool isOver_ = false;
  std::array<std::uint8_t, 4> magic_{};  // the next frame's first bytes
  std::size_t magicSize_ = 0;
};

}  // namespace

std::unique_ptr<DecodeStage> makeZstdStage() { return std::make_unique<ZstdStage>(); }

}  // namespace dodici

#endif
