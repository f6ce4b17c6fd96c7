#include "tunnel/outbox.h"

#include <array>
#include <charconv>

namespace dodici {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string chunkOf(std::string_view bytes) {
  std::array<char, 2 * sizeof(std::size_t)> size{};
  const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
  std::string chunk(size.data(), end);
  return chunk.append(kLineEnd).append(bytes).append(kLineEnd);
}

}  // namespace

Outbox::Outbox(std::string head, const Request& request)
    : isChunked_(!request.contentLength),
      bodyEnded_(request.bodyKind != BodyKind::stream),
      sending_(std::move(head) + request.body) {}

void Outbox::append(std::string bytes) {
  if (bytes.empty() || ended_) {
    return;
  }
  const std::size_t written = bytes.size();
  const bool framed = !bodyEnded_ && isChunked_;
  pieces_.push_back({framed ? chunkOf(bytes) : std::move(bytes), written});
}

void Outbox::end() {
  if (bodyEnded_) {
    ended_ = true;
    return;
  }
  bodyEnded_ = true;
  if (isChunked_) {
    pieces_.push_back({std::string(kLastChunk), 0});
  }
}

std::string_view Outbox::next() {
  if (sent_ == sending_.size()) {
    refill();
  }
  const std::string_view all = sending_;
  return all.substr(sent_);
}

void Outbox::refill() {
  sending_.clear();
  sent_ = 0;
  while (!pieces_.empty() &&
         (sending_.empty() || sending_.size() + pieces_.front().bytes.size() <= kWriteSize)) {
    Piece& piece = pieces_.front();
    consumed_ += piece.written;
    if (sending_.empty()) {
      sending_ = std::move(piece.bytes);
    } else {
      sending_.append(piece.bytes);
    }
    pieces_.pop_front();
  }
}

}  // namespace dodici
