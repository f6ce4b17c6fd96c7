// How OriginQueue fills HTTP/2 connections: streams, SETTINGS, and when a further connection is made.
#include "connections/origin_queue.h"
#include "connections/origin_queue_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <tuple>

namespace dodici {
namespace {

// Streams of HTTP/2.

TEST(OriginQueue, AnHttp2ConnectionCarriesOneRequestUntilItsSettingsHaveCome) {
  Fixture f({});
  f.admitAll(0, 3);
  Connection& connection = f.open(0, Protocol::http2);
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(f.admit(4), Decision::wait);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{1}) << "one after another, that is possible";
  f.limit(connection, 100);
  EXPECT_EQ(f.ready(), (Ids{2, 3, 4}));
}

TEST(OriginQueue, SettingsThatCameBeforeTheFirstRequestWasWrittenCountFromTheStart) {
  Fixture f({});
  f.admitAll(0, 3);
  Connection& connection = *f.on(0);
  connection.peerStreams = 3;
  connection.settingsSeen = true;
  (void)f.open(0, Protocol::http2);
  const Ids ready = f.ready();
  ASSERT_GE(ready.size(), 2U);
  EXPECT_EQ(f.on(1), &connection);
  EXPECT_EQ(f.on(2), &connection);
  EXPECT_EQ(connection.inUse, 3U);
}

class OriginQueueStreams : public testing::TestWithParam<std::tuple<std::uint32_t, std::uint32_t>> {
};

TEST_P(OriginQueueStreams, AreNeverMoreThanThePeerAllowsAndOurMaximum) {
  const auto [theirs, ours] = GetParam();
  Fixture f({.connections = 1, .maxConcurrentStreams = ours});
  f.admitAll(0, 19);
  Connection& connection = f.openHttp2(0, theirs);
  const std::uint32_t most = std::min({theirs, ours == 0 ? theirs : ours, 20U});
  // Requests that were sent before the SETTINGS stay, whatever they say.
  EXPECT_EQ(connection.inUse, std::max(most, 1U));
  EXPECT_EQ(f.ready().size(), std::max(most, 1U) - 1);
  for (std::uint32_t id = 0; id < 20; ++id) {
    f.release(id);
    (void)f.ready();
    EXPECT_LE(connection.inUse, most);
  }
  EXPECT_EQ(connection.inUse, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Limits,
    OriginQueueStreams,
    testing::Combine(
        testing::Values(0U, 1U, 2U, 7U, 100U, 0xFFFFFFFFU), testing::Values(0U, 1U, 3U, 100U)
    )
);

TEST(OriginQueue, ALoweredLimitTakesNobodyAwayAndLetsNobodyOn) {
  Fixture f({.connections = 1});
  f.admitAll(0, 9);
  Connection& connection = f.openHttp2(0, 5);
  EXPECT_EQ(f.ready(), (Ids{1, 2, 3, 4}));
  f.limit(connection, 2);
  EXPECT_EQ(connection.inUse, 5U);
  for (const std::uint32_t id : {0U, 1U, 2U}) {
    f.release(id);
    EXPECT_EQ(f.ready(), Ids{});
  }
  f.release(3);
  EXPECT_EQ(f.ready(), Ids{5});
  f.limit(connection, 4);
  EXPECT_EQ(f.ready(), (Ids{6, 7}));
}

TEST(OriginQueue, APeerThatAllowsNoStreamGetsNoneUntilItAllowsOne) {
  Fixture f({.connections = 1});
  f.admitAll(0, 2);
  Connection& connection = f.openHttp2(0, 0);
  EXPECT_EQ(f.ready(), Ids{});
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(f.admit(3), Decision::wait);
  f.limit(connection, 1);
  EXPECT_EQ(f.ready(), Ids{1});
  f.limit(connection, 0);
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{});
  f.close(connection);
  EXPECT_EQ(f.ready(), Ids{2}) << "another connection may allow more";
  EXPECT_TRUE(f.tickets[2]->opens());
}

TEST(OriginQueue, WhereThePeerAllowsNoStreamAnotherConnectionIsTried) {
  Fixture f({});
  f.admitAll(0, 1);
  Connection& connection = f.openHttp2(0, 0);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_NE(f.on(1), &connection);
}

TEST(OriginQueue, AFurtherHttp2ConnectionIsMadeWhenAllAreFull) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 2});
  f.admitAll(0, 9);
  Connection& first = f.openHttp2(0, 100);
  EXPECT_EQ(f.ready(), (Ids{1, 2}));
  EXPECT_EQ(f.on(1), &first);
  EXPECT_TRUE(f.tickets[2]->opens());
  Connection& second = f.openHttp2(2, 100);
  EXPECT_EQ(f.ready(), Ids{3});
  EXPECT_EQ(f.on(3), &second);
  EXPECT_EQ(f.connections.size(), 2U) << "a third one is beyond the limit";
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{4});
  EXPECT_EQ(f.on(4), &first);
}

TEST(OriginQueue, NoFurtherHttp2ConnectionIsMadeWhileThoseThatExistCanTakeMore) {
  Fixture f({});
  Connection& connection = f.idle(Protocol::http2);
  for (std::uint32_t id = 0; id < 30; ++id) {
    EXPECT_EQ(f.admit(id), Decision::run);
    EXPECT_EQ(f.on(id), &connection);
  }
  EXPECT_EQ(f.connections.size(), 1U);
}

TEST(OriginQueue, NoFurtherHttp2ConnectionIsMadeWhileTheOnesThatAreComingWillDo) {
  Fixture f({.maxConcurrentStreams = 4});
  f.admitAll(0, 6);
  (void)f.openHttp2(0, 100);
  EXPECT_EQ(f.ready(), (Ids{1, 2, 3, 4}));
  EXPECT_TRUE(f.tickets[4]->opens());
  EXPECT_EQ(f.connections.size(), 2U) << "the second one will take 5 and 6 too";
  Connection& second = f.open(4, Protocol::http2);
  EXPECT_EQ(f.ready(), Ids{}) << "its SETTINGS will say so";
  EXPECT_EQ(f.connections.size(), 2U);
  f.limit(second, 100);
  EXPECT_EQ(f.ready(), (Ids{5, 6}));
  EXPECT_EQ(f.connections.size(), 2U);
}

TEST(OriginQueue, FurtherHttp2ConnectionsAreMadeOneAtATime) {
  Fixture f({.maxConcurrentStreams = 4});
  f.admitAll(0, 15);
  (void)f.openHttp2(0, 100);
  EXPECT_EQ(f.ready(), (Ids{1, 2, 3, 4}));
  for (std::size_t others = 1; others < 4; ++others) {
    const auto next = static_cast<std::uint32_t>(4 * others);
    EXPECT_TRUE(f.tickets[next]->opens());
    EXPECT_EQ(f.connections.size(), others + 1);
    Connection& connection = f.open(next, Protocol::http2);
    EXPECT_EQ(f.ready(), Ids{}) << "its SETTINGS are still to come";
    f.limit(connection, 100);
    EXPECT_EQ(f.ready().size(), others < 3 ? 4U : 3U);
  }
  EXPECT_EQ(f.connections.size(), 4U);
}

TEST(OriginQueue, ADrainingConnectionWhoseSettingsNeverCameHoldsNobodyUp) {
  Fixture f({});
  f.admitAll(0, 2);
  Connection& connection = f.open(0, Protocol::http2);
  EXPECT_EQ(f.ready(), Ids{});
  f.drain(connection);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_TRUE(f.tickets[1]->opens());
}

TEST(OriginQueue, AnHttp1ConnectionOfAnHttp2OriginHoldsNobodyUp) {
  Fixture f({.maxConcurrentStreams = 2});
  f.admitAll(0, 1);
  (void)f.open(0, Protocol::http1);
  EXPECT_EQ(f.ready(), Ids{1});
  (void)f.openHttp2(1, 100);
  EXPECT_EQ(f.admit(2), Decision::run) << "as the second stream";
  EXPECT_EQ(f.admit(3), Decision::run) << "on a new connection: no SETTINGS are to come";
}

TEST(OriginQueue, AConnectionThatTakesFewerThanExpectedIsJoinedByAnother) {
  Fixture f({.maxConcurrentStreams = 4});
  f.admitAll(0, 5);
  (void)f.openHttp2(0, 100);
  EXPECT_EQ(f.ready(), (Ids{1, 2, 3, 4}));
  (void)f.openHttp2(4, 1);
  EXPECT_EQ(f.ready(), Ids{5});
  EXPECT_TRUE(f.tickets[5]->opens());
}

}  // namespace
}  // namespace dodici
