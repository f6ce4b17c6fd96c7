#include "dodici/byte_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dodici {
namespace {

std::span<const std::byte> bytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string textOf(const ByteBlock& block) {
  return {reinterpret_cast<const char*>(block.data()), block.size()};
}

TEST(ByteBlock, HasNoRoomUntilItHasMemory) {
  ByteBlock block;
  EXPECT_EQ(block.room(), 0U);
  EXPECT_TRUE(block.empty());
  EXPECT_EQ(block.append(bytesOf("x")), 0U);
}

TEST(ByteBlock, AppendsOneAfterTheOther) {
  ByteBlock block(std::make_shared<BlockPool>());
  EXPECT_EQ(block.append(bytesOf("one")), 3U);
  EXPECT_EQ(block.append(bytesOf("")), 0U);
  EXPECT_EQ(block.append(bytesOf("two")), 3U);
  EXPECT_EQ(textOf(block), "onetwo");
  EXPECT_EQ(block.room(), BlockPool::kBlockSize - 6);
}

TEST(ByteBlock, TakesAsMuchAsThereIsRoomFor) {
  ByteBlock block(std::make_shared<BlockPool>());
  const std::string large(BlockPool::kBlockSize - 2, 'a');
  EXPECT_EQ(block.append(bytesOf(large)), large.size());
  EXPECT_EQ(block.append(bytesOf("bcd")), 2U);
  EXPECT_EQ(block.append(bytesOf("d")), 0U);
  EXPECT_EQ(block.room(), 0U);
  EXPECT_EQ(textOf(block), large + "bc");
}

TEST(ByteBlock, AMovedFromBlockIsEmptyAndHasNoRoom) {
  ByteBlock first(std::make_shared<BlockPool>());
  first.append(bytesOf("kept"));
  ByteBlock second(std::move(first));
  EXPECT_EQ(textOf(second), "kept");
  // NOLINTBEGIN(bugprone-use-after-move, clang-analyzer-cplusplus.Move): that is what is tested
  EXPECT_TRUE(first.empty());
  EXPECT_EQ(first.room(), 0U);
  // NOLINTEND(bugprone-use-after-move, clang-analyzer-cplusplus.Move)
}

TEST(ByteBlock, AssigningToItselfChangesNothing) {
  ByteBlock block(std::make_shared<BlockPool>());
  block.append(bytesOf("kept"));
  ByteBlock& same = block;
  block = std::move(same);
  EXPECT_EQ(textOf(block), "kept");
}

TEST(ByteBlock, GivesItsMemoryBackWhenDestroyed) {
  const auto pool = std::make_shared<BlockPool>();
  const std::byte* memory = nullptr;
  {
    const ByteBlock block(pool);
    memory = block.data();
  }
  EXPECT_EQ(ByteBlock(pool).data(), memory);
}

TEST(ByteBlock, GivesItsMemoryBackWhenAssignedOver) {
  const auto pool = std::make_shared<BlockPool>();
  ByteBlock block(pool);
  const std::byte* memory = block.data();
  block = ByteBlock{};
  EXPECT_EQ(block.room(), 0U);
  EXPECT_EQ(ByteBlock(pool).data(), memory);
}

TEST(ByteBlock, OutlivesWhoeverMadeThePool) {
  auto pool = std::make_shared<BlockPool>();
  const std::weak_ptr<BlockPool> watch = pool;
  {
    ByteBlock block(pool);
    pool.reset();
    EXPECT_EQ(block.append(bytesOf("alive")), 5U);
    EXPECT_FALSE(watch.expired());
  }
  EXPECT_TRUE(watch.expired());
}

TEST(BlockPool, HandsOutTheBlockGivenLastFirst) {
  BlockPool pool;
  auto first = pool.take();
  auto second = pool.take();
  const std::byte* memory = second.get();
  pool.give(std::move(first));
  pool.give(std::move(second));
  EXPECT_EQ(pool.take().get(), memory);
}

TEST(BlockPool, KeepsNoMoreThanItsMost) {
  BlockPool pool;
  std::vector<std::unique_ptr<std::byte[]>> blocks;
  for (std::size_t i = 0; i < BlockPool::kMostKept + 3; ++i) {
    blocks.push_back(pool.take());
    std::memset(blocks.back().get(), 1, BlockPool::kBlockSize);  // all of it is ours to write
  }
  std::vector<const std::byte*> addresses;
  for (auto& block : blocks) {
    addresses.push_back(block.get());
    pool.give(std::move(block));
  }
  blocks.clear();
  for (std::size_t i = BlockPool::kMostKept; i > 0; --i) {
    blocks.push_back(pool.take());
    EXPECT_EQ(blocks.back().get(), addresses[i - 1]);
  }
}

}  // namespace
}  // namespace dodici
