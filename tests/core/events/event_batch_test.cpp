#include "dodici/event_batch.h"

#include <memory>

#include <gtest/gtest.h>

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
  const auto* words = batch.words.data();
  const auto* text = batch.text.data();
  batch.clear();
  EXPECT_TRUE(batch.empty());
  batch.words.resize(1000);
  batch.text.resize(5000);
  EXPECT_EQ(batch.words.data(), words);
  EXPECT_EQ(batch.text.data(), text);
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
