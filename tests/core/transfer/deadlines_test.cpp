#include "transfer/deadlines.h"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <vector>

namespace dodici {

std::ostream& operator<<(std::ostream& out, DeadlineKind kind) {
  constexpr std::array<const char*, 3> kNames{"connect", "headers", "body"};
  return out << kNames[static_cast<std::size_t>(kind)];
}

namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

// A loop with a clock of its own, which sweeps when nextSweep() says so, as the real one does.
class FakeLoop {
 public:
  struct Expiry {
    std::uint32_t id;
    DeadlineKind kind;
    milliseconds at;
    bool operator==(const Expiry&) const = default;

    friend std::ostream& operator<<(std::ostream& out, const Expiry& expiry) {
      return out << expiry.id << " " << expiry.kind << " at " << expiry.at.count() << " ms";
    }
  };

  Deadlines::TimePoint now() const { return now_; }

  void runUntil(milliseconds time) {
    const Deadlines::TimePoint end = kStart + time;
    for (auto next = deadlines.nextSweep(); next && *next <= end; next = deadlines.nextSweep()) {
      ASSERT_GT(*next, now_) << "a sweep that is due at once would spin";
      now_ = *next;
      ++sweeps;
      deadlines.sweep(now_, onExpired);
    }
    now_ = end;
  }

  static constexpr Deadlines::TimePoint kStart{std::chrono::hours(1)};
  Deadlines deadlines;
  std::vector<Expiry> expired;
  int sweeps = 0;
  Deadlines::OnExpired onExpired = [this](RequestId id, DeadlineKind kind) {
    expired.push_back(
        {static_cast<std::uint32_t>(id),
         kind,
         std::chrono::duration_cast<milliseconds>(now_ - kStart)}
    );
  };

 private:
  Deadlines::TimePoint now_ = kStart;
};

TEST(Deadlines, NothingArmedAsksForNoSweep) {
  FakeLoop loop;
  EXPECT_EQ(loop.deadlines.nextSweep(), std::nullopt);
  Deadline deadline(loop.deadlines, RequestId{1});
  EXPECT_EQ(loop.deadlines.nextSweep(), std::nullopt);
  deadline.arm(DeadlineKind::headers, 100ms, loop.now());
  EXPECT_TRUE(deadline.armed());
  EXPECT_NE(loop.deadlines.nextSweep(), std::nullopt);
  deadline.stop();
  EXPECT_FALSE(deadline.armed());
  EXPECT_EQ(loop.deadlines.nextSweep(), std::nullopt);
}

class DeadlinesOfLength : public testing::TestWithParam<int> {};

TEST_P(DeadlinesOfLength, ExpireNeverEarlyAndAtMostAnEighthLate) {
  FakeLoop loop;
  const milliseconds duration{GetParam()};
  loop.runUntil(3ms);
  Deadline deadline(loop.deadlines, RequestId{5});
  deadline.arm(DeadlineKind::body, duration, loop.now());
  const milliseconds precision = std::clamp(duration / 8, milliseconds(10), milliseconds(500));
  loop.runUntil(3ms + duration - 1ms);
  EXPECT_TRUE(loop.expired.empty());
  loop.runUntil(3ms + duration + precision);
  ASSERT_EQ(loop.expired.size(), 1U);
  EXPECT_EQ(loop.expired[0].id, 5U);
  EXPECT_EQ(loop.expired[0].kind, DeadlineKind::body);
  EXPECT_FALSE(deadline.armed());
  EXPECT_EQ(loop.deadlines.nextSweep(), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Lengths,
    DeadlinesOfLength,
    testing::Values(1, 9, 10, 50, 79, 80, 100, 500, 1000, 1500, 4000, 5000, 300'000)
);

TEST(Deadlines, ATouchGivesTheFullDurationAgain) {
  FakeLoop loop;
  Deadline deadline(loop.deadlines, RequestId{1});
  deadline.arm(DeadlineKind::body, 800ms, loop.now());
  for (milliseconds time = 0ms; time <= 10s; time += 700ms) {
    loop.runUntil(time);
    deadline.touch();
  }
  const milliseconds lastTouch = 9800ms;
  EXPECT_TRUE(loop.expired.empty());
  loop.runUntil(lastTouch + 799ms);
  EXPECT_TRUE(loop.expired.empty());
  loop.runUntil(lastTouch + 1000ms);
  EXPECT_EQ(loop.expired.size(), 1U);
}

TEST(Deadlines, ATouchDoesNotArm) {
  FakeLoop loop;
  Deadline deadline(loop.deadlines, RequestId{1});
  deadline.touch();
  EXPECT_FALSE(deadline.armed());
  deadline.arm(DeadlineKind::headers, 80ms, loop.now());  // and is forgotten by then
  loop.runUntil(80ms);
  EXPECT_EQ(loop.expired, (std::vector<FakeLoop::Expiry>{{1, DeadlineKind::headers, 80ms}}));
}

TEST(Deadlines, ZeroIsNoTimeout) {
  FakeLoop loop;
  Deadline deadline(loop.deadlines, RequestId{1});
  deadline.arm(DeadlineKind::headers, 100ms, loop.now());
  deadline.arm(DeadlineKind::body, 0ms, loop.now());
  EXPECT_FALSE(deadline.armed());
  EXPECT_EQ(loop.deadlines.nextSweep(), std::nullopt);
}

TEST(Deadlines, ArmingAnewReplacesKindAndDuration) {
  FakeLoop loop;
  Deadline deadline(loop.deadlines, RequestId{1});
  deadline.arm(DeadlineKind::headers, 80ms, loop.now());
  loop.runUntil(40ms);
  deadline.arm(DeadlineKind::body, 160ms, loop.now());
  loop.runUntil(10s);
  EXPECT_EQ(loop.expired, (std::vector<FakeLoop::Expiry>{{1, DeadlineKind::body, 200ms}}));
}

TEST(Deadlines, ADestroyedDeadlineNeverExpires) {
  FakeLoop loop;
  {
    Deadline deadline(loop.deadlines, RequestId{1});
    deadline.arm(DeadlineKind::headers, 80ms, loop.now());
  }
  EXPECT_EQ(loop.deadlines.nextSweep(), std::nullopt);
  loop.runUntil(1s);
  EXPECT_TRUE(loop.expired.empty());
}

TEST(Deadlines, LongOnesAreSweptRarely) {
  FakeLoop loop;
  Deadline deadline(loop.deadlines, RequestId{1});
  deadline.arm(DeadlineKind::body, 300s, loop.now());
  loop.runUntil(60s);
  EXPECT_EQ(loop.sweeps, 120);
}

TEST(Deadlines, AShortOneBesideLongOnesExpiresInTime) {
  FakeLoop loop;
  Deadline slow(loop.deadlines, RequestId{1});
  slow.arm(DeadlineKind::body, 300s, loop.now());
  loop.runUntil(250ms);
  Deadline quick(loop.deadlines, RequestId{2});
  quick.arm(DeadlineKind::headers, 40ms, loop.now());
  loop.runUntil(300ms);
  EXPECT_EQ(loop.expired, (std::vector<FakeLoop::Expiry>{{2, DeadlineKind::headers, 290ms}}));
  EXPECT_TRUE(slow.armed());
}

TEST(Deadlines, ArmingNeverPutsTheNextSweepOff) {
  FakeLoop loop;
  Deadline first(loop.deadlines, RequestId{1});
  first.arm(DeadlineKind::body, 80ms, loop.now());
  const auto next = loop.deadlines.nextSweep();
  loop.runUntil(9ms);
  Deadline second(loop.deadlines, RequestId{2});
  second.arm(DeadlineKind::body, 80ms, loop.now());
  EXPECT_EQ(loop.deadlines.nextSweep(), next);
}

TEST(Deadlines, ASweepThatIsNotDueDoesNothing) {
  FakeLoop loop;
  Deadline deadline(loop.deadlines, RequestId{1});
  deadline.arm(DeadlineKind::body, 1000ms, loop.now());
  const auto next = loop.deadlines.nextSweep();
  loop.deadlines.sweep(loop.now() + 1ms, loop.onExpired);
  EXPECT_EQ(loop.deadlines.nextSweep(), next);
}

TEST(Deadlines, ALateSweepFindsEverythingThatHasPassed) {
  FakeLoop loop;
  std::vector<std::unique_ptr<Deadline>> deadlines;
  for (std::uint32_t i = 0; i < 20; ++i) {
    deadlines.push_back(std::make_unique<Deadline>(loop.deadlines, RequestId{i}));
    deadlines.back()->arm(DeadlineKind::body, milliseconds(10 << (i % 10)), loop.now());
  }
  loop.deadlines.sweep(loop.now() + 1min, loop.onExpired);
  EXPECT_EQ(loop.expired.size(), deadlines.size());
}

TEST(Deadlines, TheCallbackMayDestroyAllOthers) {
  FakeLoop loop;
  std::vector<std::unique_ptr<Deadline>> deadlines;
  for (std::uint32_t i = 0; i < 5; ++i) {
    deadlines.push_back(std::make_unique<Deadline>(loop.deadlines, RequestId{i}));
    deadlines.back()->arm(DeadlineKind::body, 50ms, loop.now());
  }
  int calls = 0;
  loop.deadlines.sweep(loop.now() + 50ms, [&](RequestId, DeadlineKind) {
    ++calls;
    deadlines.clear();
  });
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(loop.deadlines.nextSweep(), std::nullopt);
}

TEST(Deadlines, TheCallbackMayArmAgain) {
  FakeLoop loop;
  Deadline deadline(loop.deadlines, RequestId{1});
  deadline.arm(DeadlineKind::headers, 50ms, loop.now());
  const auto later = loop.now() + 50ms;
  int calls = 0;
  loop.deadlines.sweep(later, [&](RequestId, DeadlineKind) {
    ++calls;
    EXPECT_FALSE(deadline.armed());
    deadline.arm(DeadlineKind::body, 50ms, later);
  });
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(deadline.armed());
}

}  // namespace
}  // namespace dodici
