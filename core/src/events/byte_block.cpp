#include "dodici/byte_block.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace dodici {

std::unique_ptr<std::byte[]> BlockPool::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      auto memory = std::move(free_.back()
      );  // the block returned last, whose pages are most likely to be in a cache
      free_.pop_back();
      return memory;
    }
  }
  return std::make_unique_for_overwrite<std::byte[]>(kBlockSize);
}

void BlockPool::give(std::unique_ptr<std::byte[]> memory) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < kMostKept) {
    free_.push_back(std::move(memory));
  }
  // Otherwise the caller's frame frees `memory`, after the lock is released.
}

ByteBlock::ByteBlock(std::shared_ptr<BlockPool> pool)
    : pool_(std::move(pool)), memory_(pool_->take()), capacity_(BlockPool::kBlockSize) {}

ByteBlock::ByteBlock(std::size_t capacity)
    : memory_(std::make_unique_for_overwrite<std::byte[]>(capacity)), capacity_(capacity) {}

ByteBlock::ByteBlock(ByteBlock&& other) noexcept
    : pool_(std::move(other.pool_)),
      memory_(std::move(other.memory_)),
      capacity_(std::exchange(other.capacity_, 0)),
      size_(std::exchange(other.size_, 0)) {}

ByteBlock& ByteBlock::operator=(ByteBlock&& other) noexcept {
  ByteBlock taken(std::move(other)
  );  // empties `other` first, so that self-assignment changes nothing
  std::swap(pool_, taken.pool_);
  std::swap(memory_, taken.memory_);
  std::swap(capacity_, taken.capacity_);
  std::swap(size_, taken.size_);
  return *this;
}

ByteBlock::~ByteBlock() {
  if (memory_ && pool_) {
    pool_->give(std::move(memory_));
  }
}

std::size_t ByteBlock::append(std::span<const std::byte> bytes) {
  const std::size_t count = std::min(bytes.size(), room());
  if (count > 0) {
    std::memcpy(memory_.get() + size_, bytes.data(), count);
    size_ += count;
  }
  return count;
}

}  // namespace dodici
