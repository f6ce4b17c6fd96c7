// The part of an object that has come and that its reader has not taken yet.
//
// Bytes are written in any order, released in order, and taken once. The writer keeps it small, by what it asks for.
//
// Threads: write(), release() and clear() on the download's thread; the rest on any.
// Owner:   RangeEngine.
#pragma once

#include "thread_annotations.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>

namespace dodici {

class ReadAhead {
 public:
  // REQUIRES: the bytes have not been released.
  void write(std::uint64_t offset, std::span<const std::byte> bytes);

  // Lets the reader have what is before `end`; calls `onPart` for what it could not have before, in order.
  void release(std::uint64_t end, const std::function<void(std::span<const std::byte>)>& onPart);

  // Forgets all that was written. REQUIRES: nothing has been released.
  void clear();

  // How many bytes the reader can take. If there is none, it wants to be told.
  std::size_t readable();

  // Whether the reader wants to be told, and there is something to take. Says so once.
  bool takeWish();

  // Returns how many bytes it has written into `into`.
  std::size_t take(std::span<std::byte> into);

  std::uint64_t taken() const;
  std::uint64_t released() const;

 private:
  static constexpr std::size_t kBlockSize = 256 * 1024;

  using Block = std::unique_ptr<std::byte[]>;

  // In order, the first of which begins at `first` times the size of a block.
  struct Blocks {
    std::deque<Block> blocks;
    std::uint64_t first = 0;

    // The bytes from `offset` to the end of its block, which stays where it is until all of it has been taken.
    std::span<std::byte> place(std::uint64_t offset);
  };

  mutable Mutex mutex_;
  Blocks blocks_ DODICI_GUARDED_BY(mutex_);
  std::uint64_t released_ DODICI_GUARDED_BY(mutex_) = 0;
  std::uint64_t taken_ DODICI_GUARDED_BY(mutex_) = 0;
  bool isWanted_ DODICI_GUARDED_BY(mutex_) = false;
};

}  // namespace dodici
