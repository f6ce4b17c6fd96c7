// A piece of memory for body bytes, which is filled on a loop thread and released on another thread.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace dodici {

// Keeps blocks of one size for reuse. Memory that is allocated on one thread and freed on another costs malloc a lock
// on both, and a new large block costs a page fault for each 4 KiB.
//
// Threads: any.
// Owner:   shared by the client and by every block in use; a block may outlive the client.
class BlockPool {
 public:
  static constexpr std::size_t kBlockSize = 128 * 1024;
  static constexpr std::size_t kMostKept = 16;

  std::unique_ptr<std::byte[]> take();
  void give(std::unique_ptr<std::byte[]> memory);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<std::byte[]>> free_;
};

// Move-only. Its destructor, on any thread, returns the memory to the pool, or frees it if it has no pool.
class ByteBlock {
 public:
  ByteBlock() = default;
  explicit ByteBlock(std::shared_ptr<BlockPool> pool);
  // A block of another size, without a pool.
  explicit ByteBlock(std::size_t capacity);
  ByteBlock(ByteBlock&& other) noexcept;
  ByteBlock& operator=(ByteBlock&& other) noexcept;
  ~ByteBlock();

  std::byte* data() { return memory_.get(); }

  const std::byte* data() const { return memory_.get(); }

  std::size_t size() const { return size_; }

  bool empty() const { return size_ == 0; }

  // 0 for a default-constructed block.
  std::size_t room() const { return capacity_ - size_; }

  // Keeps the memory.
  void clear() { size_ = 0; }

  // Copies as many of `bytes` as there is room for, and returns how many.
  std::size_t append(std::span<const std::byte> bytes);

 private:
  std::shared_ptr<BlockPool> pool_;
  std::unique_ptr<std::byte[]> memory_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace dodici
