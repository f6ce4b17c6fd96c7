#include "transfer/upload_body.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dodici {

UploadBody::UploadBody(BodyKind kind, const std::string& bytes, std::optional<std::uint64_t> length)
    : kind_(kind), bytes_(bytes), length_(length), ended_(kind != BodyKind::stream) {}

void UploadBody::append(std::string bytes) {
  if (!bytes.empty() && !ended_) {
    pieces_.push_back(std::move(bytes));
  }
}

UploadBody::Read UploadBody::read(std::span<std::byte> room) {
  if (kind_ != BodyKind::stream) {
    const std::size_t size =
        std::min(room.size(), bytes_.size() - static_cast<std::size_t>(offset_));
    std::memcpy(room.data(), bytes_.data() + offset_, size);
    offset_ += size;
    return {size == 0 ? Got::end : Got::bytes, size};
  }
  std::size_t filled = 0;
  while (filled < room.size() && !pieces_.empty()) {
    const auto& piece = pieces_.front();
    const std::size_t size = std::min(room.size() - filled, piece.size() - pieceOffset_);
    std::memcpy(room.data() + filled, piece.data() + pieceOffset_, size);
    filled += size;
    pieceOffset_ += size;
    if (pieceOffset_ == piece.size()) {
      tookPiece();
    }
  }
  offset_ += filled;
  if (offset_ > kMostKept) {
    keepNothing();
  }
  if (offset_ > farthest_) {
    consumed_ += static_cast<std::size_t>(offset_ - farthest_);
    farthest_ = offset_;
  }
  if (filled > 0) {
    return {Got::bytes, filled};
  }
  return {finished() ? Got::end : Got::nothing, 0};
}

void UploadBody::tookPiece() {
  if (keeps_) {
    kept_.splice(kept_.end(), pieces_, pieces_.begin());
  } else {
    pieces_.pop_front();
  }
  pieceOffset_ = 0;
}

void UploadBody::keepNothing() {
  keeps_ = false;
  kept_.clear();
}

bool UploadBody::rewind(std::uint64_t offset) {
  if (kind_ == BodyKind::stream) {
    if (offset != 0 || !keeps_) {
      return offset == offset_;
    }
    pieces_.splice(pieces_.begin(), kept_);
    pieceOffset_ = 0;
    offset_ = 0;
    return true;
  }
  if (offset > bytes_.size()) {
    return false;
  }
  offset_ = offset;
  return true;
}

bool UploadBody::finished() const {
  if (kind_ != BodyKind::stream) {
    return offset_ == bytes_.size();
  }
  return length_ ? offset_ >= *length_ : ended_ && pieces_.empty();
}

bool UploadBody::endedShort() const {
  return kind_ == BodyKind::stream && length_ && ended_ && pieces_.empty() && offset_ < *length_;
}

std::uint32_t UploadBody::takeConsumed() {
  const bool tells = kind_ == BodyKind::stream && consumed_ >= kTellAfter;
  return tells ? static_cast<std::uint32_t>(std::exchange(consumed_, 0)) : 0;
}

}  // namespace dodici
