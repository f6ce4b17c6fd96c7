// Peers of HTTP/2 that allow no stream: who waits for them, for how long, and who may have another connection made.
#include "connections/origin_queue.h"
#include "connections/origin_queue_fixture.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace dodici {
namespace {

using std::chrono::milliseconds;
using Clock = Connection::Clock;

constexpr OriginLimits kOne{.connections = 1, .streamTimeout = milliseconds(100)};
constexpr OriginLimits kMany{.streamTimeout = milliseconds(100)};

Ids expired(Fixture& f) {
  std::vector<RequestId> failed;
  f.queue.expireStalls(failed, f.now);
  return Fixture::numbers(failed);
}

// SETTINGS that allow none come before the request is written, which goes back into the line.
Connection& turnBack(Fixture& f, std::uint32_t id) {
  Connection& connection = *f.on(id);
  connection.peerStreams = 0;
  connection.settingsSeen = true;
  (void)f.open(id, Protocol::http2);
  f.again(id);
  return connection;
}

TEST(StalledOrigins, WhoIsTurnedBackWaitsAndMakesNoOtherConnection) {
  Fixture f(kMany);
  (void)f.admit(0);
  Connection& connection = turnBack(f, 0);
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(connection.inUse, 0U);
  EXPECT_TRUE(f.queue.isAwaited(connection));
  EXPECT_EQ(f.connections.size(), 1U);
  f.limit(connection, 1);
  EXPECT_EQ(f.ready(), Ids{0});
  EXPECT_EQ(f.on(0), &connection);
  EXPECT_FALSE(f.queue.isAwaited(connection));
}

TEST(StalledOrigins, OthersMayHaveAConnectionMadeThatServesTheFirstToo) {
  Fixture f(kMany);
  f.admitAll(0, 2);
  (void)turnBack(f, 0);
  ASSERT_EQ(f.ready(), Ids{1});
  EXPECT_TRUE(f.tickets[1]->opens());
  Connection& second = f.openHttp2(1, 100);
  EXPECT_EQ(f.ready(), (Ids{0, 2})) << "in the order of the line";
  EXPECT_EQ(f.on(0), &second);
}

TEST(StalledOrigins, EachRequestHasOneConnectionMadeAtMost) {
  Fixture f(kMany);
  f.admitAll(0, 2);
  (void)turnBack(f, 0);
  ASSERT_EQ(f.ready(), Ids{1});
  (void)turnBack(f, 1);
  ASSERT_EQ(f.ready(), Ids{2});
  (void)turnBack(f, 2);
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(f.connections.size(), 3U);
}

TEST(StalledOrigins, WhoWasRefusedWaitsToo) {
  Fixture f(kMany);
  f.admitAll(0, 1);
  Connection& connection = f.openHttp2(0, 100);
  ASSERT_EQ(f.ready(), Ids{1});
  f.limit(connection, 0);
  f.again(0);
  f.again(1);
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(f.connections.size(), 1U);
  f.limit(connection, 2);
  EXPECT_EQ(f.ready(), (Ids{0, 1}));
}

TEST(StalledOrigins, WithTheConnectionThatTurnedItBackGoneARequestHasAnotherMade) {
  Fixture f(kMany);
  (void)f.admit(0);
  Connection& connection = turnBack(f, 0);
  f.close(connection);
  EXPECT_EQ(f.ready(), Ids{0});
  EXPECT_TRUE(f.tickets[0]->opens());
}

TEST(StalledOrigins, WhoWaitsForTooLongFailsAndTheConnectionDrains) {
  Fixture f(kOne);
  f.admitAll(0, 2);
  Connection& connection = turnBack(f, 0);
  EXPECT_EQ(f.queue.nextStall(), f.now + milliseconds(100));
  f.now += milliseconds(99);
  EXPECT_EQ(expired(f), Ids{});
  f.now += milliseconds(1);
  EXPECT_EQ(expired(f), (Ids{0, 1, 2}));
  EXPECT_EQ(connection.state, Connection::State::draining);
  EXPECT_EQ(connection.endCode, Errc::noStreams);
  EXPECT_EQ(connection.endDetail, 100U);
  EXPECT_EQ(f.queue.takeDrained(), std::vector<int>{connection.socket});
  EXPECT_EQ(f.queue.nextStall(), Clock::time_point::max());
  EXPECT_EQ(f.admit(3), Decision::run) << "on a new connection, which may allow more";
  EXPECT_TRUE(f.tickets[3]->opens());
}

TEST(StalledOrigins, TheTimeBeginsWhenNothingRunsThere) {
  Fixture f(kOne);
  f.admitAll(0, 1);
  Connection& connection = f.openHttp2(0, 0);
  EXPECT_EQ(f.queue.nextStall(), Clock::time_point::max()) << "what was sent before is answered";
  f.now += milliseconds(1000);
  f.release(0);
  EXPECT_EQ(f.queue.nextStall(), f.now + milliseconds(100));
  EXPECT_TRUE(f.queue.isAwaited(connection));
}

TEST(StalledOrigins, TheTimeEndsWithTheWait) {
  const auto stalled = [](Fixture& f) -> Connection& {
    (void)f.admit(0);
    Connection& connection = turnBack(f, 0);
    EXPECT_NE(f.queue.nextStall(), Clock::time_point::max());
    return connection;
  };
  {
    Fixture f(kOne);
    f.limit(stalled(f), 1);
    EXPECT_EQ(f.queue.nextStall(), Clock::time_point::max());
    (void)f.ready();
  }
  {
    Fixture f(kOne);
    (void)stalled(f);
    f.release(0);
    EXPECT_EQ(f.queue.nextStall(), Clock::time_point::max()) << "it was cancelled";
  }
  {
    Fixture f(kOne);
    f.close(stalled(f));
    EXPECT_EQ(f.queue.nextStall(), Clock::time_point::max()) << "another one is made";
    (void)f.ready();
  }
}

TEST(StalledOrigins, AServerThatClosesEachConnectionThatItAllowsNoStreamOnGainsNoTime) {
  Fixture f(kOne);
  (void)f.admit(0);
  const auto due = f.now + milliseconds(100);
  for (int i = 0; i < 9; ++i) {
    Connection& connection = turnBack(f, 0);
    EXPECT_EQ(f.queue.nextStall(), due);
    EXPECT_EQ(expired(f), Ids{});
    f.close(connection);
    ASSERT_EQ(f.ready(), Ids{0});
    f.now += milliseconds(10);
  }
  (void)turnBack(f, 0);
  f.now = due;
  EXPECT_EQ(expired(f), Ids{0});
}

TEST(StalledOrigins, WhoComesLaterHasAllOfTheTime) {
  Fixture f(kOne);
  (void)f.admit(0);
  (void)turnBack(f, 0);
  f.now += milliseconds(60);
  f.release(0);
  (void)f.admit(1);
  EXPECT_EQ(f.queue.nextStall(), f.now + milliseconds(100));
  f.now += milliseconds(60);
  EXPECT_EQ(expired(f), Ids{});
}

TEST(StalledOrigins, AFullConnectionIsNoStall) {
  Fixture f({.connections = 2, .streamTimeout = milliseconds(100)});
  f.admitAll(0, 2);
  (void)f.openHttp2(0, 1);
  ASSERT_EQ(f.ready(), Ids{1});
  (void)turnBack(f, 1);
  EXPECT_EQ(f.queue.nextStall(), Clock::time_point::max()) << "the first one will have room";
  f.now += milliseconds(1000);
  EXPECT_EQ(expired(f), Ids{});
}

TEST(StalledOrigins, AnotherOriginDoesNotNotice) {
  Fixture f(kOne);
  (void)f.admit(0);
  (void)turnBack(f, 0);
  (void)f.admit(1, kOther);
  (void)f.admit(2, kOther);
  (void)f.openHttp2(1, 1);
  f.now += milliseconds(100);
  EXPECT_EQ(expired(f), Ids{0});
  EXPECT_TRUE(f.tickets[2]->waiting());
}

TEST(StalledOrigins, WithoutATimeoutTheWaitHasNoEnd) {
  Fixture f({.connections = 1});
  (void)f.admit(0);
  (void)turnBack(f, 0);
  EXPECT_EQ(f.queue.nextStall(), Clock::time_point::max());
  f.now += std::chrono::hours(10);
  EXPECT_EQ(expired(f), Ids{});
}

}  // namespace
}  // namespace dodici
