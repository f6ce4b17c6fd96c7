// br, by Google's brotli.
#include "decode/stage.h"

#if DODICI_HAS_BROTLI

#include <brotli/decode.h>

#include <new>

namespace dodici {

namespace {

class BrotliStage final : public DecodeStage {
 public:
  BrotliStage() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (state_ == nullptr) {
      throw std::bad_alloc();
    }
  }

  ~BrotliStage() override { BrotliDecoderDestroyInstance(state_); }

  bool decode(Bytes& in, Room& out) override {
    std::size_t inLeft = in.size();
    std::size_t outLeft = out.size();
    const auto* nextIn = reinterpret_cast<const std::uint8_t*>(in.data());
    auto* nextOut = reinterpret_cast<std::uint8_t*>(out.data());
    const auto result =
        BrotliDecoderDecompressStream(state_, &inLeft, &nextIn, &outLeft, &nextOut, nullptr);
    in = in.last(inLeft);
    out = out.last(outLeft);
    if (result != BROTLI_DECODER_RESULT_ERROR) {
      return true;
    }
    const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(state_);
    return fail(code, std::string("ERR_") + BrotliDecoderErrorString(code), "Decompression failed");
  }

 private:
  BrotliDecoderState* const state_;
};

}  // namespace

std::unique_ptr<DecodeStage> makeBrotliStage() { return std::make_unique<BrotliStage>(); }

}  // namespace dodici

#endif
