#include "request_reader.h"

#include "wire.h"

#include <algorithm>
#include <stdexcept>

namespace h3server {

namespace {

std::string textOf(const nghttp3_rcbuf* buffer) {
  const nghttp3_vec bytes = nghttp3_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(bytes.base), bytes.len};
}

using Decoder = std::unique_ptr<nghttp3_qpack_decoder, decltype(&nghttp3_qpack_decoder_del)>;
using Context =
    std::unique_ptr<nghttp3_qpack_stream_context, decltype(&nghttp3_qpack_stream_context_del)>;

// The server's SETTINGS allow no dynamic table, so that each block stands alone.
Decoder newDecoder() {
  nghttp3_qpack_decoder* decoder = nullptr;
  if (nghttp3_qpack_decoder_new(&decoder, 0, 0, nghttp3_mem_default()) != 0) {
    throw std::bad_alloc();
  }
  return {decoder, nghttp3_qpack_decoder_del};
}

Context newContext(std::int64_t stream) {
  nghttp3_qpack_stream_context* context = nullptr;
  if (nghttp3_qpack_stream_context_new(&context, stream, nghttp3_mem_default()) != 0) {
    throw std::bad_alloc();
  }
  return {context, nghttp3_qpack_stream_context_del};
}

}  // namespace

RequestReader::RequestReader(std::int64_t stream, Listener listener)
    : stream_(stream), listener_(std::move(listener)) {}

void RequestReader::read(std::string_view bytes) {
  while (!bytes.empty()) {
    bytes = isInFrame_ ? readPayload(bytes) : beginFrame(bytes);
  }
}

std::string_view RequestReader::beginFrame(std::string_view bytes) {
  part_.push_back(bytes.front());
  bytes.remove_prefix(1);
  std::string_view head = part_;
  const auto type = takeNumber(head);
  const auto length = type ? takeNumber(head) : std::nullopt;
  if (length) {
    part_.clear();
    type_ = *type;
    left_ = *length;
    isInFrame_ = left_ > 0;
  }
  return bytes;
}

std::string_view RequestReader::readPayload(std::string_view bytes) {
  const std::string_view payload = bytes.substr(0, std::min<std::uint64_t>(left_, bytes.size()));
  left_ -= payload.size();
  isInFrame_ = left_ > 0;
  if (type_ == frame::kData) {
    listener_.onBody(payload);
  } else if (type_ == frame::kHeaders) {
    part_ += payload;
    if (!isInFrame_) {
      listener_.onHead(decode(std::exchange(part_, {})));
    }
  }
  return bytes.substr(payload.size());
}

Headers RequestReader::decode(std::string_view block) const {
  const Decoder decoder = newDecoder();
  const Context context = newContext(stream_);
  Headers headers;
  const auto* at = reinterpret_cast<const std::uint8_t*>(block.data());
  const std::uint8_t* const end = at + block.size();
  for (;;) {
    nghttp3_qpack_nv field{};
    std::uint8_t flags = 0;
    const nghttp3_ssize read = nghttp3_qpack_decoder_read_request(
        decoder.get(), context.get(), &field, &flags, at, static_cast<std::size_t>(end - at), 1
    );
    if (read < 0) {
      throw std::runtime_error(nghttp3_strerror(static_cast<int>(read)));
    }
    at += read;
    if ((flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT) != 0) {
      headers.emplace_back(textOf(field.name), textOf(field.value));
      nghttp3_rcbuf_decref(field.name);
      nghttp3_rcbuf_decref(field.value);
    }
    if ((flags & NGHTTP3_QPACK_DECODE_FLAG_FINAL) != 0) {
      return headers;
    }
    if (read == 0 && (flags & NGHTTP3_QPACK_DECODE_FLAG_EMIT) == 0) {
      throw std::runtime_error("a block of headers that does not end");
    }
  }
}

}  // namespace h3server
