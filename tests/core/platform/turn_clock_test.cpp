#include "platform/turn_clock.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdint>
#include <thread>

namespace dodici {
namespace {

// The call that libcurl makes. std::chrono::steady_clock is in libstdc++, whose calls are wrapped only if it is linked
// statically.
std::int64_t now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

// Repeats until the clock changes, at most a million times.
bool advances(std::int64_t since) {
  for (int i = 0; i < 1'000'000; ++i) {
    if (now() != since) {
      return true;
    }
  }
  return false;
}

TEST(TurnClock, StandsStillBetweenStopAndRun) {
  if (!TurnClock::canStop()) {
    GTEST_SKIP() << "the clock of this platform always runs";
  }
  TurnClock::stop();
  EXPECT_FALSE(advances(now()));
  TurnClock::run();
  EXPECT_TRUE(advances(now()));
}

TEST(TurnClock, ReadsTheTimeAnewAtEachStop) {
  TurnClock::stop();
  const auto first = now();
  TurnClock::run();
  while (!advances(first)) {
  }
  TurnClock::stop();
  EXPECT_GT(now(), first);
  TurnClock::run();
}

TEST(TurnClock, IsEachThreadsOwn) {
  TurnClock::stop();
  bool other = false;
  std::thread([&other] { other = advances(now()); }).join();
  EXPECT_TRUE(other);
  TurnClock::run();
}

}  // namespace
}  // namespace dodici
