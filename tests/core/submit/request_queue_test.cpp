#include "submit/request_queue.h"

#include "submit/request_block.h"

#include <gtest/gtest.h>

#include <utility>

namespace dodici {
namespace {

CancelCommand cancel(std::uint32_t id) { return {RequestId{id}}; }

std::shared_ptr<RequestBlock> blockOf(std::uint32_t id) {
  Request request;
  request.id = RequestId{id};
  return std::make_shared<RequestBlock>(CancellationToken::root(), std::move(request), nullptr);
}

TEST(RequestQueue, OnlyTheFirstPushIntoAnEmptyQueueAsksForAWakeUp) {
  RequestQueue queue;
  EXPECT_TRUE(queue.push(cancel(1)));
  EXPECT_FALSE(queue.push(cancel(2)));
  std::vector<Command> commands;
  queue.drain(commands);
  EXPECT_TRUE(queue.push(cancel(3)));
}

TEST(RequestQueue, DrainsInTheOrderOfThePushes) {
  RequestQueue queue;
  (void)queue.push(SubmitCommand{blockOf(7)});
  (void)queue.push(BodyBytesCommand{RequestId{7}, "bytes"});
  (void)queue.push(BodyEndCommand{RequestId{7}});
  (void)queue.push(DestroyCommand{});
  std::vector<Command> commands;
  queue.drain(commands);
  ASSERT_EQ(commands.size(), 4U);
  EXPECT_EQ(std::get<SubmitCommand>(commands[0]).block->id, RequestId{7});
  EXPECT_EQ(std::get<BodyBytesCommand>(commands[1]).bytes, "bytes");
  EXPECT_EQ(std::get<BodyEndCommand>(commands[2]).id, RequestId{7});
  EXPECT_TRUE(std::holds_alternative<DestroyCommand>(commands[3]));
}

TEST(RequestQueue, AnEmptyQueueDrainsToNothing) {
  RequestQueue queue;
  std::vector<Command> commands;
  commands.emplace_back(cancel(1));
  queue.drain(commands);
  EXPECT_TRUE(commands.empty());
}

TEST(RequestQueue, MovesBlocksThrough) {
  RequestQueue queue;
  auto block = blockOf(7);
  const std::weak_ptr<RequestBlock> watch = block;
  (void)queue.push(SubmitCommand{std::move(block)});
  EXPECT_EQ(watch.use_count(), 1);

  std::vector<Command> commands;
  queue.drain(commands);
  EXPECT_EQ(std::get<SubmitCommand>(commands[0]).block.get(), watch.lock().get());
}

TEST(RequestQueue, TheTwoVectorsKeepTheirMemory) {
  RequestQueue queue;
  std::vector<Command> commands;
  for (int round = 0; round < 2; ++round) {  // each of the two has grown after this
    for (std::uint32_t i = 0; i < 100; ++i) {
      (void)queue.push(cancel(i));
    }
    queue.drain(commands);
  }
  const Command* memory = commands.data();
  (void)queue.push(cancel(1));
  queue.drain(commands);
  EXPECT_NE(commands.data(), memory);
  (void)queue.push(cancel(2));
  queue.drain(commands);
  EXPECT_EQ(commands.data(), memory);
  EXPECT_GE(commands.capacity(), 100U);
}

}  // namespace
}  // namespace dodici
