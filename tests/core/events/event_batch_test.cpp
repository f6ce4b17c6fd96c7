#include "dodici/event_batch.h"

#include <gtest/gtest.h>

#include <memory>

namespace dodici {
namespace {

TEST(EventBatch, IsEmptyUntilItHoldsARecord) {
  EventBatch batch;
  EXPECT_TRUE(batch.empty());
  batch.words = {static_cast<std::uint32_t>(EventType::loopClosed), 0};
  EXPECT_FALSE(batch.empty());
}

TEST(EventBatch, ClearKeepsTheMemoryOfWordsAndText) {
  EventBatch batch;
  batch.words.assign(1000, 1);
  batch.text.assign(5000, 'x');
  batch.clear();
  EXPECT_TRUE(batch.empty());
  EXPECT_GE(batch.words.capacity(), 1000U);
  EXPECT_GE(batch.text.capacity(), 5000U);
}

TEST(EventBatch, ClearGivesTheBlocksBackToTheirPool) {
  const auto pool = std::make_shared<BlockPool>();
  EventBatch batch;
  batch.slab = ByteBlock(pool);
  batch.blocks.emplace_back(pool);
  EXPECT_EQ(pool.use_count(), 3);
  batch.clear();
  EXPECT_EQ(pool.use_count(), 1);
  EXPECT_EQ(batch.slab.room(), 0U);
  EXPECT_TRUE(batch.blocks.empty());
}

}  // namespace
}  // namespace dodici
