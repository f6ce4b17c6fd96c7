#include "connections/origin_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace dodici {

std::ostream& operator<<(std::ostream& out, Decision decision) {
  return out << (decision == Decision::run ? "run" : "wait");
}

namespace {

using std::chrono::milliseconds;
using State = Connection::State;
using Ids = std::vector<std::uint32_t>;

constexpr std::string_view kOrigin = "https://a.example:443";
constexpr std::string_view kOther = "https://b.example:443";
constexpr std::string_view kPlain = "http://a.example:80";

// The queue, its connections, and a ticket for each of the ids 0 to 31. Time stands still until a test moves it.
struct Fixture {
  explicit Fixture(OriginLimits limits) : queue(limits, connections) {
    for (int i = 0; i < 32; ++i) {
      tickets.push_back(std::make_unique<OriginQueue::Ticket>());
    }
  }

  Decision admit(std::uint32_t id, std::string_view origin = kOrigin) {
    return queue.admit(origin, Negotiation::alpn, RequestId{id}, *tickets[id], now);
  }

  Decision admitPlain(std::uint32_t id, std::string_view origin = kPlain) {
    return queue.admit(origin, Negotiation::none, RequestId{id}, *tickets[id], now);
  }

  void admitAll(std::uint32_t first, std::uint32_t last) {
    for (std::uint32_t id = first; id <= last; ++id) {
      (void)admit(id);
    }
  }

  Connection* on(std::uint32_t id) const { return tickets[id]->connection(); }

  // The connection that was made for this request is there.
  Connection& open(std::uint32_t id, Protocol protocol) {
    Connection& connection = *on(id);
    connections.opened(connection, nextId++, nextSocket++, protocol, "somewhere", now);
    queue.onOpened(*tickets[id], now);
    return connection;
  }

  // The same, and its peer's SETTINGS follow.
  Connection& openHttp2(std::uint32_t id, std::uint32_t streams) {
    Connection& connection = open(id, Protocol::http2);
    queue.onStreamLimit(connection, streams, now);
    return connection;
  }

  // A request that has come and gone has left this connection behind.
  Connection& idle(Protocol protocol) {
    (void)(protocol == Protocol::http1 ? admitPlain(31) : admit(31));
    Connection& connection = protocol == Protocol::http1 ? open(31, protocol) : openHttp2(31, 100);
    release(31);
    return connection;
  }

  void limit(Connection& connection, std::uint32_t streams) {
    queue.onStreamLimit(connection, streams, now);
  }

  void drain(Connection& connection) { queue.drain(connection, now); }

  void close(Connection& connection) { queue.onClosed(connection, now); }

  void again(std::uint32_t id) { queue.again(*tickets[id], false, now); }

  void againElsewhere(std::uint32_t id) { queue.again(*tickets[id], true, now); }

  void release(std::uint32_t id) { queue.release(*tickets[id], now); }

  Ids connectFailed(std::uint32_t id) {
    std::vector<RequestId> failed;
    queue.onConnectFailed(*tickets[id], failed, now);
    return numbers(failed);
  }

  Ids ready() {
    std::vector<RequestId> ids;
    while (const auto id = queue.takeReady()) {
      ids.push_back(*id);
    }
    return numbers(ids);
  }

  std::size_t tellEnded() {
    std::size_t ended = 0;
    connections.tellEnded([&](const Connection&) { ++ended; });
    return ended;
  }

  static Ids numbers(const std::vector<RequestId>& ids) {
    Ids result;
    result.reserve(ids.size());
    for (const RequestId id : ids) {
      result.push_back(static_cast<std::uint32_t>(id));
    }
    return result;
  }

  Connection::Clock::time_point now{std::chrono::hours(1)};
  std::int64_t nextId = 0;
  int nextSocket = 100;
  Connections connections{milliseconds(4'000)};
  OriginQueue queue;
  std::vector<std::unique_ptr<OriginQueue::Ticket>> tickets;
};

// The waiting line.

TEST(OriginQueue, WithoutALimitEveryPlainRequestGetsAConnection) {
  Fixture f({});
  std::set<const Connection*> made;
  for (std::uint32_t id = 0; id < 10; ++id) {
    EXPECT_EQ(f.admitPlain(id), Decision::run);
    EXPECT_TRUE(f.tickets[id]->opens());
    made.insert(f.on(id));
  }
  EXPECT_EQ(made.size(), 10U);
  EXPECT_EQ(f.connections.size(), 10U);
  EXPECT_EQ(f.ready(), Ids{});
}

TEST(OriginQueue, RunsNoMoreThanTheLimitAndTheRestInOrder) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 100});
  EXPECT_EQ(f.admitPlain(0), Decision::run);
  EXPECT_EQ(f.admitPlain(1), Decision::run);
  EXPECT_EQ(f.admitPlain(2), Decision::wait);
  EXPECT_EQ(f.admitPlain(3), Decision::wait);
  EXPECT_TRUE(f.tickets[2]->waiting());
  EXPECT_EQ(f.on(2), nullptr);
  EXPECT_EQ(f.ready(), Ids{});
  Connection& second = f.open(1, Protocol::http1);
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{2});
  EXPECT_FALSE(f.tickets[2]->waiting());
  EXPECT_EQ(f.on(2), &second);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{3}) << "its connection was never there, but the place is free";
  EXPECT_TRUE(f.tickets[3]->opens());
}

TEST(OriginQueue, OriginsDoNotLimitOneAnother) {
  Fixture f({.connections = 1});
  EXPECT_EQ(f.admitPlain(0, "http://a:80"), Decision::run);
  EXPECT_EQ(f.admitPlain(1, "http://b:80"), Decision::run);
  EXPECT_EQ(f.admitPlain(2, "http://a:80"), Decision::wait);
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{});
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{2});
}

TEST(OriginQueue, NobodyOvertakesThoseThatWait) {
  Fixture f({.connections = 1});
  EXPECT_EQ(f.admitPlain(0), Decision::run);
  EXPECT_EQ(f.admitPlain(1), Decision::wait);
  (void)f.open(0, Protocol::http1);
  f.release(0);
  EXPECT_EQ(f.admitPlain(2), Decision::wait) << "1 has the place, if it has not been taken yet";
  EXPECT_EQ(f.ready(), Ids{1});
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{2});
}

TEST(OriginQueue, ACancelledRequestLeavesTheLine) {
  Fixture f({.connections = 1});
  for (std::uint32_t id = 0; id < 5; ++id) {
    (void)f.admitPlain(id);
  }
  f.release(2);
  f.release(4);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{1});
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{3});
}

TEST(OriginQueue, AReadyRequestThatIsCancelledBeforeItIsTakenIsFollowedByTheNext) {
  Fixture f({.connections = 1});
  for (std::uint32_t id = 0; id < 3; ++id) {
    (void)f.admitPlain(id);
  }
  f.release(0);
  f.release(1);  // ready, but nobody has asked yet
  EXPECT_EQ(f.ready(), Ids{2});
}

TEST(OriginQueue, ReleaseMayBeRepeated) {
  Fixture f({.connections = 1});
  for (std::uint32_t id = 0; id < 3; ++id) {
    (void)f.admitPlain(id);
  }
  f.release(0);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{1});
}

TEST(OriginQueue, ATicketServesAgainOnceReleased) {
  Fixture f({});
  (void)f.admit(0);
  f.release(0);
  EXPECT_EQ(f.on(0), nullptr);
  EXPECT_EQ(f.admit(0), Decision::run);
  EXPECT_EQ(f.admit(1), Decision::wait);
}

TEST(OriginQueue, ManyWaitingLeaveQuickly) {
  Connections connections{milliseconds(4'000)};
  OriginQueue queue({.connections = 1}, connections);
  std::deque<OriginQueue::Ticket> tickets(100'000);
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    (void)queue.admit(
        "http://a:80", Negotiation::none, RequestId{static_cast<std::uint32_t>(i)}, tickets[i], {}
    );
  }
  for (std::size_t i = tickets.size(); i-- > 1;) {
    queue.release(tickets[i], {});
  }
  queue.release(tickets[0], {});
  EXPECT_EQ(queue.takeReady(), std::nullopt);
  EXPECT_EQ(queue.originCount(), 0U);
  EXPECT_EQ(connections.size(), 0U);
}

// What protocol an origin speaks.

TEST(OriginQueue, OneRequestGoesAheadUntilTheProtocolIsKnown) {
  Fixture f({});
  EXPECT_EQ(f.admit(0), Decision::run);
  EXPECT_EQ(f.admit(1), Decision::wait);
  EXPECT_EQ(f.admit(2), Decision::wait);
  EXPECT_EQ(f.admit(3, kOther), Decision::run);
  Connection& connection = f.openHttp2(0, 100);
  EXPECT_EQ(f.ready(), (Ids{1, 2}));
  EXPECT_EQ(f.admit(4), Decision::run);
  EXPECT_EQ(f.on(4), &connection) << "on HTTP/2 they share the connection";
  EXPECT_EQ(connection.inUse, 4U);
}

TEST(OriginQueue, TheOneThatGoesAheadMayEndBeforeItConnects) {
  Fixture f({});
  f.admitAll(0, 2);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{1});
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{2});
  (void)f.open(2, Protocol::http1);
  EXPECT_EQ(f.admit(3), Decision::run);
}

TEST(OriginQueue, OnHttp1TheLimitIsTheNumberOfConnections) {
  Fixture f({.connections = 3, .maxConcurrentStreams = 2});
  f.admitAll(0, 9);
  Connection& first = f.open(0, Protocol::http1);
  EXPECT_EQ(f.ready(), (Ids{1, 2}));
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{3});
  EXPECT_EQ(f.on(3), &first);
}

TEST(OriginQueue, RequestsWithoutNegotiationDoNotWaitForTheOneThatGoesAhead) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 100});
  EXPECT_EQ(f.admit(0), Decision::run);
  EXPECT_EQ(f.admitPlain(1, kOrigin), Decision::run);
  (void)f.open(1, Protocol::http1);
  EXPECT_EQ(f.admit(2), Decision::wait) << "nor do they tell what the others will get";
}

TEST(OriginQueue, AnOriginMayTurnFromHttp1ToHttp2) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 4});
  f.admitAll(0, 6);
  (void)f.open(0, Protocol::http1);
  EXPECT_EQ(f.ready(), Ids{1});
  (void)f.openHttp2(1, 100);
  EXPECT_EQ(f.ready(), (Ids{2, 3, 4}));
}

TEST(OriginQueue, AnHttp1OriginIsRememberedWhenItFallsQuiet) {
  Fixture f({});
  (void)f.admit(0);
  Connection& connection = f.open(0, Protocol::http1);
  f.release(0);
  f.close(connection);
  EXPECT_EQ(f.queue.originCount(), 1U);
  EXPECT_EQ(f.admit(1), Decision::run);
  EXPECT_EQ(f.admit(2), Decision::run) << "a burst opens its connections at once";
}

TEST(OriginQueue, APlainOriginIsForgottenWithItsLastConnection) {
  Fixture f({});
  Connection& connection = f.idle(Protocol::http1);
  EXPECT_EQ(f.queue.originCount(), 1U);
  f.close(connection);
  EXPECT_EQ(f.queue.originCount(), 0U);
}

TEST(OriginQueue, AnHttp2OriginWhoseConnectionHasEndedHasItsProtocolFoundOutAnew) {
  Fixture f({});
  Connection& connection = f.idle(Protocol::http2);
  EXPECT_EQ(f.queue.originCount(), 1U);
  f.close(connection);
  EXPECT_EQ(f.queue.originCount(), 0U);
  EXPECT_EQ(f.admit(1), Decision::run);
  EXPECT_EQ(f.admit(2), Decision::wait);
}

TEST(OriginQueue, ACrawlerDoesNotMakeItGrow) {
  Fixture f({});
  for (int i = 0; i < 5000; ++i) {
    const std::string origin = "https://host" + std::to_string(i) + ".example:443";
    (void)f.admit(0, origin);
    Connection& connection = f.open(0, i % 2 == 0 ? Protocol::http1 : Protocol::http2);
    f.release(0);
    f.close(connection);
    f.tellEnded();
  }
  EXPECT_EQ(f.connections.size(), 0U);
  EXPECT_EQ(f.queue.originCount(), OriginQueue::kMostRemembered);
  // The one that fell quiet last is among them.
  EXPECT_EQ(f.admit(0, "https://host4998.example:443"), Decision::run);
  EXPECT_EQ(f.admit(1, "https://host4998.example:443"), Decision::run);
  EXPECT_EQ(f.admit(2, "https://host0.example:443"), Decision::run);
  EXPECT_EQ(f.admit(3, "https://host0.example:443"), Decision::wait);
}

// Which connection a request gets.

TEST(OriginQueue, OnHttp1TheConnectionThatWasUsedLastServesTheNext) {
  Fixture f({});
  std::vector<Connection*> made;
  for (std::uint32_t id = 0; id < 3; ++id) {
    (void)f.admitPlain(id);
    made.push_back(&f.open(id, Protocol::http1));
  }
  f.release(1);
  f.release(0);
  f.release(2);
  for (const std::uint32_t last : {2U, 0U, 1U}) {
    EXPECT_EQ(f.admitPlain(last), Decision::run);
    EXPECT_EQ(f.on(last), made[last]);
    EXPECT_FALSE(f.tickets[last]->opens());
  }
  EXPECT_EQ(f.admitPlain(3), Decision::run);
  EXPECT_TRUE(f.tickets[3]->opens()) << "all others are in use";
}

TEST(OriginQueue, AConnectionIsIdleFromTheTimeItsLastRequestLeft) {
  Fixture f({});
  (void)f.admit(0);
  Connection& connection = f.openHttp2(0, 100);
  EXPECT_EQ(f.admit(1), Decision::run);
  EXPECT_FALSE(connection.isIdle());
  f.now += milliseconds(5);
  f.release(0);
  EXPECT_FALSE(connection.isIdle());
  f.now += milliseconds(5);
  f.release(1);
  EXPECT_TRUE(connection.isIdle());
  EXPECT_EQ(connection.idleSince, f.now);
}

TEST(OriginQueue, AConnectionThatNobodyWaitsForAnyMoreIsForgotten) {
  Fixture f({});
  (void)f.admitPlain(0);
  EXPECT_EQ(f.connections.size(), 1U);
  f.release(0);
  EXPECT_EQ(f.connections.size(), 0U);
  EXPECT_EQ(f.queue.originCount(), 0U);
}

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
  // What was sent before the SETTINGS is there, whatever they say.
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

// Connections that end, and requests that come back.

TEST(OriginQueue, ADrainingConnectionGetsNothingAndDoesNotCount) {
  Fixture f({.connections = 1});
  f.admitAll(0, 3);
  Connection& connection = f.openHttp2(0, 2);
  EXPECT_EQ(f.ready(), Ids{1});
  f.drain(connection);
  EXPECT_EQ(connection.state, State::draining);
  EXPECT_EQ(f.ready(), Ids{2}) << "the next request gets another connection";
  EXPECT_TRUE(f.tickets[2]->opens());
  f.release(0);
  f.release(1);
  f.limit(connection, 100);
  EXPECT_TRUE(connection.isIdle());
  EXPECT_EQ(f.ready(), Ids{}) << "the place on the new one is taken";
  Connection& second = f.openHttp2(2, 100);
  EXPECT_EQ(f.ready(), Ids{3});
  EXPECT_EQ(f.on(3), &second);
  f.drain(connection);
  f.close(connection);
  EXPECT_EQ(f.admit(4), Decision::run);
  EXPECT_EQ(f.on(4), &second);
}

TEST(OriginQueue, ADrainingHttp1ConnectionIsReplaced) {
  Fixture f({.connections = 1});
  Connection& connection = f.idle(Protocol::http1);
  f.drain(connection);
  EXPECT_TRUE(connection.isIdle()) << "its owner is to close it";
  EXPECT_EQ(f.admitPlain(0), Decision::run);
  EXPECT_TRUE(f.tickets[0]->opens());
  EXPECT_EQ(f.admitPlain(1), Decision::wait);
}

TEST(OriginQueue, AClosedConnectionMakesRoomForAnother) {
  Fixture f({.connections = 1});
  (void)f.admitPlain(0);
  (void)f.admitPlain(1);
  Connection& connection = f.open(0, Protocol::http1);
  f.close(connection);
  EXPECT_EQ(connection.state, State::closed);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_TRUE(f.tickets[1]->opens());
  EXPECT_EQ(f.on(0), &connection) << "what was on it has not been ended yet";
  EXPECT_EQ(f.connections.size(), 2U);
  EXPECT_EQ(f.tellEnded(), 1U);
  EXPECT_EQ(f.connections.size(), 2U) << "0 still refers to it";
  f.release(0);
  EXPECT_EQ(f.connections.size(), 1U);
}

TEST(OriginQueue, TheRequestsOfAClosedConnectionComeBackAndShareANewOne) {
  Fixture f({.connections = 1});
  f.admitAll(0, 2);
  Connection& connection = f.openHttp2(0, 100);
  EXPECT_EQ(f.ready(), (Ids{1, 2}));
  f.close(connection);
  EXPECT_EQ(f.tellEnded(), 1U);
  for (const std::uint32_t id : {2U, 1U, 0U}) {
    f.again(id);
  }
  EXPECT_EQ(f.connections.size(), 1U) << "the closed one is forgotten";
  EXPECT_EQ(f.ready(), Ids{2});
  EXPECT_TRUE(f.tickets[2]->opens());
  Connection& second = f.openHttp2(2, 100);
  EXPECT_EQ(f.ready(), (Ids{0, 1}));
  EXPECT_EQ(f.on(0), &second);
}

TEST(OriginQueue, ARequestThatComesBackGoesToTheHeadOfTheLine) {
  Fixture f({.connections = 1});
  for (std::uint32_t id = 0; id < 4; ++id) {
    (void)f.admitPlain(id);
  }
  Connection& connection = f.open(0, Protocol::http1);
  f.close(connection);
  EXPECT_EQ(f.ready(), Ids{1});
  f.again(0);
  EXPECT_TRUE(f.tickets[0]->waiting());
  EXPECT_EQ(f.ready(), Ids{});
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{0});
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{2});
}

TEST(OriginQueue, ARequestThatComesBackMayHaveItsConnectionAgain) {
  Fixture f({});
  f.admitAll(0, 1);
  Connection& connection = f.openHttp2(0, 100);
  EXPECT_EQ(f.ready(), Ids{1});
  f.again(1);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_EQ(f.on(1), &connection);
  EXPECT_EQ(connection.inUse, 2U);
}

TEST(OriginQueue, ElsewhereIsANewConnectionWhereTheLimitAllowsOne) {
  Fixture f({.connections = 2});
  (void)f.admitPlain(0);
  (void)f.admitPlain(1);
  Connection& first = f.open(0, Protocol::http1);
  Connection& second = f.open(1, Protocol::http1);
  f.release(1);
  f.close(second);
  f.againElsewhere(0);
  EXPECT_EQ(f.ready(), Ids{0});
  EXPECT_TRUE(f.tickets[0]->opens()) << "although the first one is free";
  EXPECT_TRUE(first.isIdle());

  f.againElsewhere(0);  // its connection was not there yet, and gives up its place
  EXPECT_EQ(f.ready(), Ids{0});
  EXPECT_TRUE(f.tickets[0]->opens());
  EXPECT_EQ(f.connections.size(), 3U) << "the end of the second one has not been told";
}

TEST(OriginQueue, ElsewhereIsAnyConnectionWhereTheLimitIsReached) {
  Fixture f({.connections = 1});
  (void)f.admitPlain(0);
  (void)f.admitPlain(1);
  Connection& connection = f.open(0, Protocol::http1);
  f.againElsewhere(0);
  EXPECT_EQ(f.ready(), Ids{0});
  EXPECT_EQ(f.on(0), &connection);
  f.drain(connection);
  EXPECT_EQ(f.ready(), Ids{1});
  f.againElsewhere(0);
  EXPECT_EQ(f.ready(), Ids{}) << "it waits for the place";
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{0});
}

TEST(OriginQueue, ElsewhereIsForgottenOnceItWasServed) {
  Fixture f({});
  (void)f.admitPlain(0);
  (void)f.open(0, Protocol::http1);
  f.againElsewhere(0);
  EXPECT_EQ(f.ready(), Ids{0});
  Connection& second = f.open(0, Protocol::http1);
  f.release(0);
  EXPECT_EQ(f.admitPlain(0), Decision::run);
  EXPECT_EQ(f.on(0), &second) << "the one that was used last, not a third one";
}

TEST(OriginQueue, AReadyRequestWhoseConnectionClosesGetsAnother) {
  Fixture f({.connections = 1});
  (void)f.admitPlain(0);
  (void)f.admitPlain(1);
  Connection& connection = f.open(0, Protocol::http1);
  f.release(0);
  EXPECT_EQ(f.on(1), &connection);
  f.close(connection);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_TRUE(f.tickets[1]->opens());
  EXPECT_EQ(f.tellEnded(), 1U);
  EXPECT_EQ(f.connections.size(), 1U);
}

TEST(OriginQueue, AReadyRequestWhoseConnectionClosesMayBeCancelled) {
  Fixture f({.connections = 1});
  (void)f.admitPlain(0);
  (void)f.admitPlain(1);
  Connection& connection = f.open(0, Protocol::http1);
  f.release(0);
  f.close(connection);
  f.release(1);
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(f.tellEnded(), 1U);
  EXPECT_EQ(f.connections.size(), 0U);
  EXPECT_EQ(f.queue.originCount(), 0U);
}

TEST(OriginQueue, ReadyRequestsWhoseConnectionClosesKeepTheirOrder) {
  Fixture f({.connections = 1});
  f.admitAll(0, 5);
  Connection& connection = f.openHttp2(0, 3);
  EXPECT_EQ(f.on(1), &connection);
  EXPECT_EQ(f.on(2), &connection);
  f.close(connection);
  ASSERT_EQ(f.ready(), Ids{1});
  ASSERT_TRUE(f.tickets[1]->opens());
  f.release(0);
  (void)f.openHttp2(1, 100);
  EXPECT_EQ(f.ready(), (Ids{2, 3, 4, 5}));
}

TEST(OriginQueue, AReadyRequestWhoseConnectionDrainsGetsAnother) {
  Fixture f({.connections = 1});
  (void)f.admitPlain(0);
  (void)f.admitPlain(1);
  Connection& connection = f.open(0, Protocol::http1);
  f.release(0);
  EXPECT_EQ(f.on(1), &connection);
  f.drain(connection);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_TRUE(f.tickets[1]->opens());
}

TEST(OriginQueue, AnOldConnectionTakesNoMoreRequests) {
  Fixture f({.connections = 1, .clientTtl = milliseconds(10)});
  Connection& connection = f.idle(Protocol::http1);
  f.now += milliseconds(10);
  EXPECT_EQ(f.admitPlain(0), Decision::run);
  EXPECT_EQ(f.on(0), &connection) << "it is as old as it may be";
  f.release(0);
  f.now += milliseconds(1);
  EXPECT_EQ(f.admitPlain(1), Decision::run);
  EXPECT_NE(f.on(1), &connection);
  EXPECT_EQ(connection.state, State::draining);
  EXPECT_TRUE(connection.isIdle());
}

TEST(OriginQueue, AnOldHttp2ConnectionKeepsTheRequestsThatItHas) {
  Fixture f({.clientTtl = milliseconds(10)});
  (void)f.admit(0);
  Connection& connection = f.openHttp2(0, 100);
  f.now += milliseconds(11);
  EXPECT_EQ(f.admit(1), Decision::run);
  EXPECT_TRUE(f.tickets[1]->opens());
  EXPECT_EQ(connection.state, State::draining);
  EXPECT_EQ(connection.inUse, 1U);
}

// Connections that are not to be had.

TEST(OriginQueue, TheOneThatGoesAheadAndCannotConnectTakesTheWaitingWithIt) {
  Fixture f({.connections = 1});
  f.admitAll(0, 2);
  (void)f.admit(3, kOther);
  (void)f.admit(4, kOther);
  EXPECT_EQ(f.connectFailed(0), (Ids{1, 2}));
  EXPECT_FALSE(f.tickets[1]->waiting());
  EXPECT_EQ(f.ready(), Ids{});
  EXPECT_EQ(f.queue.originCount(), 1U);  // the other one
  EXPECT_EQ(f.connections.size(), 1U);
  f.release(1);
  EXPECT_EQ(f.admit(5), Decision::run) << "the next request tries anew";
  EXPECT_EQ(f.connectFailed(3), Ids{4});
}

TEST(OriginQueue, AnotherConnectionThatFailsFailsOnlyItsOwnRequest) {
  Fixture f({.connections = 2});
  f.admitAll(0, 3);
  (void)f.open(0, Protocol::http1);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_EQ(f.connectFailed(1), Ids{});
  EXPECT_EQ(f.ready(), Ids{2});
}

TEST(OriginQueue, AFurtherHttp2ConnectionThatFailsFailsOnlyItsOwnRequest) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 2});
  f.admitAll(0, 4);
  (void)f.openHttp2(0, 100);
  EXPECT_EQ(f.ready(), (Ids{1, 2}));
  EXPECT_EQ(f.connectFailed(2), Ids{});
  EXPECT_EQ(f.ready(), Ids{3}) << "the next one tries it";
  EXPECT_TRUE(f.tickets[3]->opens());
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{4});
}

TEST(OriginQueue, WhereOnlyDrainingConnectionsAreLeftAFailedOneIsTheFirst) {
  Fixture f({});
  (void)f.admit(0);
  Connection& connection = f.openHttp2(0, 100);
  f.drain(connection);
  EXPECT_EQ(f.admit(1), Decision::run);
  EXPECT_TRUE(f.tickets[1]->opens());
  EXPECT_EQ(f.admit(2), Decision::wait);
  EXPECT_EQ(f.connectFailed(1), Ids{2});
  EXPECT_EQ(connection.inUse, 1U) << "0 goes on";
}

// A libcurl that takes no orders.

TEST(OriginQueue, ARequestMayBeOnAnotherConnectionThanTheOneItWasGiven) {
  Fixture f({});
  (void)f.admitPlain(0);
  (void)f.admitPlain(1);
  Connection& first = f.open(0, Protocol::http1);
  Connection& second = f.open(1, Protocol::http1);
  f.release(0);
  f.release(1);
  EXPECT_EQ(f.admitPlain(2), Decision::run);
  EXPECT_EQ(f.on(2), &second);
  EXPECT_EQ(&f.queue.moveTo(*f.tickets[2], &second, {}), &second);
  EXPECT_EQ(&f.queue.moveTo(*f.tickets[2], &first, {}), &first);
  EXPECT_EQ(f.on(2), &first);
  EXPECT_EQ(first.inUse, 1U);
  EXPECT_EQ(second.inUse, 0U);
  EXPECT_EQ(f.admitPlain(3), Decision::run);
  EXPECT_EQ(f.on(3), &second);
}

TEST(OriginQueue, ARequestMayBeOnAConnectionThatNobodyHasAskedFor) {
  Fixture f({.connections = 1});
  Connection& kept = f.idle(Protocol::http1);
  EXPECT_EQ(f.admitPlain(0), Decision::run);
  EXPECT_EQ(f.on(0), &kept);
  f.close(kept);
  Connection& made = f.queue.moveTo(*f.tickets[0], nullptr, {});
  EXPECT_NE(&made, &kept);
  EXPECT_TRUE(f.tickets[0]->opens());
  EXPECT_EQ(f.admitPlain(1), Decision::wait);
  (void)f.open(0, Protocol::http1);
  f.release(0);
  EXPECT_EQ(f.ready(), Ids{1});
  EXPECT_EQ(f.on(1), &made);
}

TEST(OriginQueue, AClosedConnectionThatARequestHasLeftForAnotherIsForgotten) {
  Fixture f({});
  Connection& kept = f.idle(Protocol::http1);
  EXPECT_EQ(f.admitPlain(0), Decision::run);
  f.close(kept);
  EXPECT_EQ(f.tellEnded(), 1U);
  (void)f.queue.moveTo(*f.tickets[0], nullptr, {});
  EXPECT_EQ(f.connections.size(), 1U);
}

TEST(OriginQueue, AConnectionThatARequestHasLeftForAnotherServesTheNextThatWaits) {
  Fixture f({.connections = 2});
  (void)f.admitPlain(0);
  (void)f.admitPlain(1);
  Connection& first = f.open(0, Protocol::http1);
  Connection& second = f.open(1, Protocol::http1);
  f.release(0);
  EXPECT_EQ(f.admitPlain(2), Decision::run);
  EXPECT_EQ(f.on(2), &first);
  EXPECT_EQ(f.admitPlain(3), Decision::wait);
  f.now += milliseconds(5);
  (void)f.queue.moveTo(*f.tickets[2], &second, {});
  EXPECT_EQ(f.ready(), Ids{3});
  EXPECT_EQ(f.on(3), &first);
}

// Ends.

TEST(OriginQueue, ATicketThatIsDestroyedGivesUpItsPlaceWhereverItIs) {
  Fixture f({.connections = 1});
  for (std::uint32_t id = 0; id < 5; ++id) {
    (void)f.admitPlain(id);
  }
  f.tickets[1].reset();  // waits
  f.tickets[0].reset();  // connects; 2 is ready now
  f.tickets[2].reset();  // ready; 3 is next
  EXPECT_EQ(f.ready(), Ids{3});
  Connection& connection = f.open(3, Protocol::http1);
  f.tickets[3].reset();  // on a connection
  EXPECT_EQ(f.ready(), Ids{4});
  EXPECT_EQ(f.on(4), &connection);
  f.close(connection);
  f.tickets[4].reset();  // on one that is closed
  EXPECT_EQ(f.tellEnded(), 1U);
  EXPECT_EQ(f.connections.size(), 0U);
  EXPECT_EQ(f.queue.originCount(), 0U);
}

TEST(OriginQueue, MayEndBeforeItsConnectionsAndInAnyState) {
  Fixture f({.connections = 2, .maxConcurrentStreams = 2});
  f.admitAll(0, 9);  // one will be full, one connects, and the rest wait
  (void)f.openHttp2(0, 100);
  for (std::uint32_t id = 10; id < 14; ++id) {
    (void)f.admitPlain(id);
  }
  Connection& drained = f.open(10, Protocol::http1);
  f.drain(drained);
  Connection& closed = f.open(11, Protocol::http1);
  f.close(closed);
  (void)f.admit(14, kOther);
  f.close(f.openHttp2(14, 100));
  f.tellEnded();
  (void)f.ready();
}

}  // namespace
}  // namespace dodici
