// Which requests wait or run, which protocol an origin speaks, and which connection a request gets.
#include "connections/origin_queue.h"

#include "connections/origin_queue_fixture.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace dodici {
namespace {

using std::chrono::milliseconds;

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

// Connections that cannot be made.

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

}  // namespace
}  // namespace dodici
