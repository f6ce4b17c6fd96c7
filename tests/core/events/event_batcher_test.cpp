#include "events/event_batcher.h"

#include "events/mailbox.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace dodici {
namespace {

// Whether what the batch holds may wait for more, see ClientShard::waitsForMore().
class EventBatcherTest : public ::testing::Test {
 protected:
  void addBody(RequestId id = RequestId{1}) {
    const std::vector<std::byte> bytes(10'000);
    batcher_.body(id, share_, bytes);
  }

  Mailbox mailbox_;
  EventBatcher batcher_{mailbox_, std::make_shared<BlockPool>(), [] {}};
  EventBatcher::Share share_;
};

TEST_F(EventBatcherTest, IsNotOnlyBodyWhenEmpty) { EXPECT_FALSE(batcher_.onlyBody()); }

TEST_F(EventBatcherTest, IsOnlyBodyWithTheBytesOfOneOrSeveralResponses) {
  addBody();
  EXPECT_TRUE(batcher_.onlyBody());
  addBody(RequestId{2});
  EXPECT_TRUE(batcher_.onlyBody());
}

TEST_F(EventBatcherTest, IsNotOnlyBodyWithAnythingElseInTheBatch) {
  batcher_.bodyWanted(RequestId{2}, 1);
  addBody();
  EXPECT_FALSE(batcher_.onlyBody());
}

TEST_F(EventBatcherTest, IsNotOnlyBodyOnceAnotherRequestHasFailed) {
  addBody();
  batcher_.failed(RequestId{2}, Error{Errc::aborted, 0, {}, {}});
  EXPECT_FALSE(batcher_.onlyBody());
}

TEST_F(EventBatcherTest, ForgetsWithTheFlush) {
  batcher_.requestSent(RequestId{1});
  ASSERT_TRUE(batcher_.flush());
  addBody();
  EXPECT_TRUE(batcher_.onlyBody());
}

TEST_F(EventBatcherTest, HasRoomForNoMoreOfABodyThanItWantsInABatch) {
  addBody();
  EXPECT_TRUE(batcher_.hasRoom(share_, 10'000));
  EXPECT_TRUE(batcher_.hasRoom(share_, 10'000, 20'000));
  EXPECT_FALSE(batcher_.hasRoom(share_, 10'000, 19'999));
  ASSERT_TRUE(batcher_.flush());
  EXPECT_TRUE(batcher_.hasRoom(share_, 10'000, 1)) << "its first bytes always fit";
}

}  // namespace
}  // namespace dodici
