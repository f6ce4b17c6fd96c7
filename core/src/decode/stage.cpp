#include "decode/stage.h"

namespace dodici {

std::unique_ptr<DecodeStage> DecodeStage::of(Coding coding) {
  switch (coding) {
#if DODICI_HAS_ZLIB
    case Coding::gzip:
      return makeGzipStage();
    case Coding::deflate:
      return makeDeflateStage();
#endif
#if DODICI_HAS_BROTLI
    case Coding::brotli:
      return makeBrotliStage();
#endif
#if DODICI_HAS_ZSTD
    case Coding::zstd:
      return makeZstdStage();
#endif
    default:
      return nullptr;  // Codings names no other
  }
}

}  // namespace dodici
