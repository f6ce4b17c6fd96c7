#include "transfer/stream_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

namespace dodici {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Clock = StreamWindow::Clock;

constexpr std::uint32_t kFirst = 64 * 1024;
constexpr microseconds kRoundTrip{50'000};

// A stream of which half a window is taken at a time.
struct Fixture {
  explicit Fixture(std::uint32_t first = kFirst) : window(first) {}

  std::optional<std::uint32_t> takeHalf(Clock::duration after) {
    now += after;
    EXPECT_TRUE(window.onTaken(window.size() / 2));
    return window.grow(now, roundTrip);
  }

  Clock::time_point now{std::chrono::hours(1)};
  microseconds roundTrip = kRoundTrip;
  StreamWindow window;
};

TEST(StreamWindow, BeginsWithTheSizeThatItIsGiven) {
  EXPECT_EQ(StreamWindow(kFirst).size(), kFirst);
}

TEST(StreamWindow, HasLittleOnItsWayToTheReaderUntilMuchWasRead) {
  const StreamWindow window(kFirst);
  EXPECT_LT(3 * window.mostPerBatch(0), kFirst / 2);
  EXPECT_EQ(window.mostPerBatch(kFirst / 2), kFirst / 8);
  EXPECT_EQ(window.mostPerBatch(2 * kFirst), kFirst / 2);
}

TEST(StreamWindow, IsAskedForMoreWhenHalfOfItWasTaken) {
  StreamWindow window(100);
  EXPECT_FALSE(window.onTaken(49));
  EXPECT_TRUE(window.onTaken(1));
  EXPECT_TRUE(window.onTaken(1)) << "until grow() has been asked";
  (void)window.grow(Clock::time_point(milliseconds(1)), kRoundTrip);
  EXPECT_FALSE(window.onTaken(49));
  EXPECT_TRUE(window.onTaken(1000));
}

TEST(StreamWindow, DoublesWhileHalfOfItLastsForTwoRoundTripsAtMost) {
  Fixture f;
  EXPECT_EQ(f.takeHalf(milliseconds(1)), std::nullopt) << "nothing to compare it with";
  EXPECT_EQ(f.takeHalf(milliseconds(100)), 2 * kFirst);
  EXPECT_EQ(f.window.size(), 2 * kFirst);
  EXPECT_EQ(f.takeHalf(milliseconds(1)), 4 * kFirst);
  EXPECT_EQ(f.takeHalf(milliseconds(101)), std::nullopt);
  EXPECT_EQ(f.window.size(), 4 * kFirst) << "nor does it shrink";
  EXPECT_EQ(f.takeHalf(milliseconds(100)), 8 * kFirst) << "the peer has become faster";
}

TEST(StreamWindow, DoesNotGrowBeyondItsMost) {
  Fixture f;
  (void)f.takeHalf(milliseconds(1));
  while (f.takeHalf(milliseconds(1))) {
    ASSERT_LE(f.window.size(), StreamWindow::kMost);
  }
  EXPECT_EQ(f.window.size(), StreamWindow::kMost);
}

TEST(StreamWindow, MayEndBetweenTwoPowers) {
  Fixture f(StreamWindow::kMost / 2 + 1);
  (void)f.takeHalf(milliseconds(1));
  EXPECT_EQ(f.takeHalf(milliseconds(1)), StreamWindow::kMost);
  EXPECT_EQ(f.takeHalf(milliseconds(1)), std::nullopt);
}

TEST(StreamWindow, ThatBeginsLargerStaysAsItIs) {
  Fixture f(3 * StreamWindow::kMost);
  (void)f.takeHalf(milliseconds(1));
  EXPECT_EQ(f.takeHalf(milliseconds(1)), std::nullopt);
  EXPECT_EQ(f.window.size(), 3 * StreamWindow::kMost);
  EXPECT_EQ(f.window.onHeld(), std::nullopt);
}

TEST(StreamWindow, AnUnknownOrVeryShortRoundTripCountsAsAShortOne) {
  for (const microseconds roundTrip : {microseconds(0), microseconds(30)}) {
    Fixture f;
    f.roundTrip = roundTrip;
    (void)f.takeHalf(milliseconds(1));
    EXPECT_EQ(f.takeHalf(2 * StreamWindow::kShortestRoundTrip), 2 * kFirst);
    EXPECT_EQ(f.takeHalf(2 * StreamWindow::kShortestRoundTrip + microseconds(1)), std::nullopt);
  }
}

TEST(StreamWindow, AReaderWhoStopsGetsTheFirstSizeAgain) {
  Fixture f;
  (void)f.takeHalf(milliseconds(1));
  (void)f.takeHalf(milliseconds(1));
  EXPECT_EQ(f.takeHalf(milliseconds(1)), 4 * kFirst);
  EXPECT_EQ(f.window.onHeld(), kFirst);
  EXPECT_EQ(f.window.size(), kFirst);
  EXPECT_EQ(f.window.onHeld(), std::nullopt) << "that was said";
}

TEST(StreamWindow, TheTimeOfAStopDoesNotCount) {
  Fixture f;
  (void)f.takeHalf(milliseconds(1));
  EXPECT_FALSE(f.window.onTaken(kFirst / 2 - 1));
  EXPECT_EQ(f.window.onHeld(), std::nullopt);
  EXPECT_FALSE(f.window.onTaken(1)) << "nor does what was taken before it";
  EXPECT_TRUE(f.window.onTaken(kFirst / 2));
  EXPECT_EQ(f.window.grow(f.now, kRoundTrip), std::nullopt);
  EXPECT_EQ(f.takeHalf(milliseconds(1)), 2 * kFirst);
}

}  // namespace
}  // namespace dodici
