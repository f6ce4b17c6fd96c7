// Connections that drain, close or are not the expected ones, and requests that come back, move or end.
#include "connections/origin_queue.h"
#include "connections/origin_queue_fixture.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace dodici {
namespace {

using std::chrono::milliseconds;
using State = Connection::State;

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

// A libcurl that chooses connections by itself.

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
