// gzip and deflate, by zlib.
#include "decode/stage.h"

#if DODICI_HAS_ZLIB

#include <zlib.h>

#include <new>

namespace dodici {

namespace {

// zlib's numbers for the three formats.
constexpr int kZlib = MAX_WBITS;
constexpr int kBare = -MAX_WBITS;
constexpr int kGzip = MAX_WBITS + 16;

const char* nameOf(int result) {
  switch (result) {
    case Z_NEED_DICT:
      return "Z_NEED_DICT";
    case Z_STREAM_ERROR:
      return "Z_STREAM_ERROR";
    case Z_MEM_ERROR:
      return "Z_MEM_ERROR";
    default:
      return "Z_DATA_ERROR";
  }
}

class InflateStage final : public DecodeStage {
 public:
  enum class Format { gzip, deflate };

  explicit InflateStage(Format format) : format_(format) {
    if (format == Format::gzip) {
      start(kGzip);
    }
  }

  ~InflateStage() override {
    if (isStarted_) {
      inflateEnd(&stream_);
    }
  }

  bool decode(Bytes& in, Room& out) override {
    if (!isStarted_) {
      if (in.empty()) {
        return true;
      }
      const bool hasHeader = (in.front() & std::byte{0x0f}) == std::byte{Z_DEFLATED};
      start(hasHeader ? kZlib : kBare);
    }
    // zlib only reads from there.
    stream_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int result = inflateMembers();
    in = in.last(stream_.avail_in);
    out = out.last(stream_.avail_out);
    switch (result) {
      case Z_OK:
      case Z_BUF_ERROR:
      case Z_STREAM_END:
        return true;
      case Z_NEED_DICT:
        return fail(result, nameOf(result), "Missing dictionary");
      default:
        return fail(result, nameOf(result), stream_.msg == nullptr ? "Zlib error" : stream_.msg);
    }
  }

 private:
  void start(int windowBits) {
    if (inflateInit2(&stream_, windowBits) != Z_OK) {
      throw std::bad_alloc();
    }
    isStarted_ = true;
  }

  // A gzip member may follow another. A NUL is padding and ends the data.
  int inflateMembers() {
    int result = inflate(&stream_, Z_SYNC_FLUSH);
    while (format_ == Format::gzip && result == Z_STREAM_END && stream_.avail_in > 0 &&
           *stream_.next_in != 0) {
      inflateReset(&stream_);
      result = inflate(&stream_, Z_SYNC_FLUSH);
    }
    return result;
  }

  const Format format_;
  bool isStarted_ = false;
  z_stream stream_{};
};

}  // namespace

std::unique_ptr<DecodeStage> makeGzipStage() {
  return std::make_unique<InflateStage>(InflateStage::Format::gzip);
}

std::unique_ptr<DecodeStage> makeDeflateStage() {
  return std::make_unique<InflateStage>(InflateStage::Format::deflate);
}

}  // namespace dodici

#endif
