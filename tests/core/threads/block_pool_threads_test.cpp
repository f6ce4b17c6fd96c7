// Blocks are filled on one thread and released on another, as by the loop thread and the consumer.
#include "dodici/byte_block.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace dodici {
namespace {

constexpr int kBlocks = 3000;

TEST(BlockPoolThreads, NoBlockIsInTwoHands) {
  auto pool = std::make_shared<BlockPool>();
  std::mutex mutex;
  std::vector<ByteBlock> handedOver;
  std::counting_semaphore<> filled(0);
  std::counting_semaphore<> room(2 * BlockPool::kMostKept);

  std::thread filler([&, pool] {
    for (int i = 0; i < kBlocks; ++i) {
      room.acquire();
      ByteBlock block(pool);
      const std::array<std::byte, 64> mark = [i] {
        std::array<std::byte, 64> bytes{};
        bytes.fill(static_cast<std::byte>(i));
        return bytes;
      }();
      while (block.size() < 512) {
        EXPECT_EQ(block.append(mark), mark.size());
      }
      {
        const std::lock_guard lock(mutex);
        handedOver.push_back(std::move(block));
      }
      filled.release();
    }
  });

  pool.reset();  // the filler and the blocks keep it
  for (int i = 0; i < kBlocks;) {
    filled.acquire();
    std::vector<ByteBlock> taken;
    {
      const std::lock_guard lock(mutex);
      taken.swap(handedOver);
    }
    for (std::size_t more = 1; more < taken.size(); ++more) {
      filled.acquire();
    }
    for (ByteBlock& block : taken) {
      ASSERT_EQ(block.size(), 512U);
      for (std::size_t at = 0; at < block.size(); ++at) {
        ASSERT_EQ(block.data()[at], static_cast<std::byte>(i));
      }
      block = ByteBlock{};
      room.release();
      ++i;
    }
  }
  filler.join();
}

}  // namespace
}  // namespace dodici
