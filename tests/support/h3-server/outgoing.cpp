#include "outgoing.h"

#include <algorithm>
#include <utility>

namespace h3server {

namespace {

const std::string& filling() {
  static const std::string bytes(64 * 1024, 'x');
  return bytes;
}

}  // namespace

void Outgoing::append(std::string bytes) {
  if (bytes.empty()) {
    return;
  }
  const std::uint64_t length = bytes.size();
  pieces_.push_back({length_, length, std::move(bytes)});
  length_ += length;
}

void Outgoing::fill(std::uint64_t count) {
  if (count == 0) {
    return;
  }
  pieces_.push_back({length_, count, {}});
  length_ += count;
}

void Outgoing::drop() {
  length_ = sent_;
  isEnded_ = true;
  isEndSent_ = true;
}

std::string_view Outgoing::next() const {
  for (const Piece& piece : pieces_) {
    if (sent_ < piece.offset + piece.length && sent_ < length_) {
      const std::uint64_t at = sent_ - piece.offset;
      if (!piece.bytes.empty()) {
        return std::string_view(piece.bytes).substr(at);
      }
      const std::uint64_t left = piece.length - at;
      return std::string_view(filling()).substr(0, std::min<std::uint64_t>(left, filling().size()));
    }
  }
  return {};
}

void Outgoing::onSent(std::uint64_t count, bool withEnd) {
  sent_ += count;
  isEndSent_ = isEndSent_ || withEnd;
}

void Outgoing::onAcknowledged(std::uint64_t upTo) {
  while (!pieces_.empty() && pieces_.front().offset + pieces_.front().length <= upTo) {
    pieces_.pop_front();
  }
}

}  // namespace h3server
