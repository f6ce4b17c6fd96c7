#include "bulk/read_ahead.h"

#include <algorithm>
#include <cstring>

namespace dodici {

void ReadAhead::write(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    std::span<std::byte> room;
    {
      const MutexLock lock(mutex_);
      room = blocks_.place(offset);
    }
    const std::size_t size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    offset += size;
    bytes = bytes.subspan(size);
  }
}

void ReadAhead::release(
    std::uint64_t end, const std::function<void(std::span<const std::byte>)>& onPart
) {
  std::uint64_t at = released();
  while (at < end) {
    std::span<std::byte> part;
    {
      const MutexLock lock(mutex_);
      part = blocks_.place(at);
    }
    part = part.first(static_cast<std::size_t>(std::min<std::uint64_t>(part.size(), end - at)));
    onPart(part);
    at += part.size();
    const MutexLock lock(mutex_);
    released_ = at;
  }
}

void ReadAhead::clear() {
  const MutexLock lock(mutex_);
  blocks_.blocks.clear();
}

std::size_t ReadAhead::readable() {
  const MutexLock lock(mutex_);
  isWanted_ = released_ == taken_;
  return static_cast<std::size_t>(released_ - taken_);
}

bool ReadAhead::takeWish() {
  const MutexLock lock(mutex_);
  const bool isDue = isWanted_ && released_ > taken_;
  isWanted_ = isWanted_ && !isDue;
  return isDue;
}

std::size_t ReadAhead::take(std::span<std::byte> into) {
  const MutexLock lock(mutex_);
  std::size_t size = 0;
  while (size < into.size() && taken_ < released_) {
    const auto part = blocks_.place(taken_);
    const std::size_t most = static_cast<std::size_t>(released_ - taken_);
    const std::size_t now = std::min({part.size(), into.size() - size, most});
    std::memcpy(into.data() + size, part.data(), now);
    size += now;
    taken_ += now;
    if (now == part.size()) {
      blocks_.blocks.pop_front();
      ++blocks_.first;
    }
  }
  return size;
}

std::uint64_t ReadAhead::taken() const {
  const MutexLock lock(mutex_);
  return taken_;
}

std::uint64_t ReadAhead::released() const {
  const MutexLock lock(mutex_);
  return released_;
}

std::span<std::byte> ReadAhead::Blocks::place(std::uint64_t offset) {
  const auto index = static_cast<std::size_t>(offset / kBlockSize - first);
  if (index >= blocks.size()) {
    blocks.resize(index + 1);
  }
  Block& block = blocks[index];
  if (!block) {
    block = std::make_unique_for_overwrite<std::byte[]>(kBlockSize);
  }
  const auto within = static_cast<std::size_t>(offset % kBlockSize);
  return {block.get() + within, kBlockSize - within};
}

}  // namespace dodici
