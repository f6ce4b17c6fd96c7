// Several threads push and one drains: nothing is lost or overtaken, and each batch asks for one wake-up.
#include "submit/request_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <string>
#include <thread>
#include <vector>

namespace dodici {
namespace {

constexpr std::uint32_t kProducers = 4;
constexpr std::uint32_t kCommandsEach = 5000;

TEST(RequestQueueThreads, EachWakeUpFindsWorkAndNoCommandIsLostOrOvertaken) {
  RequestQueue queue;
  std::counting_semaphore<> wakeUps(0);
  std::vector<std::thread> producers;
  for (std::uint32_t producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&queue, &wakeUps, producer] {
      for (std::uint32_t i = 0; i < kCommandsEach; ++i) {
        if (queue.push(BodyBytesCommand{RequestId{producer}, std::to_string(i)})) {
          wakeUps.release();
        }
      }
    });
  }

  std::vector<std::uint32_t> nextOf(kProducers, 0);
  std::vector<Command> commands;
  for (std::uint32_t received = 0; received < kProducers * kCommandsEach;) {
    wakeUps.acquire();
    queue.drain(commands);
    EXPECT_FALSE(commands.empty());
    for (const Command& command : commands) {
      const auto& body = std::get<BodyBytesCommand>(command);
      EXPECT_EQ(body.bytes, std::to_string(nextOf[static_cast<std::uint32_t>(body.id)]++));
      ++received;
    }
  }
  for (std::thread& producer : producers) {
    producer.join();
  }
  EXPECT_FALSE(wakeUps.try_acquire());
}

}  // namespace
}  // namespace dodici
