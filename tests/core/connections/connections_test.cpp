#include "connections/connections.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dodici {
namespace {

using std::chrono::milliseconds;
using State = Connection::State;

// The calls of OriginQueue and ConnectionKeeper, in short.
class ConnectionsTest : public testing::Test {
 protected:
  using Clock = Connection::Clock;

  Connection& open(std::int64_t id, int socket, std::string_view origin = "https://a.example") {
    Connection& connection = connections_.add();
    connections_.opened(connection, id, socket, Protocol::http1, origin, now_);
    connection.state = State::open;
    return connection;
  }

  std::vector<std::string> tellEnded() {
    std::vector<std::string> origins;
    connections_.tellEnded([&](const Connection& connection) {
      EXPECT_EQ(connection.state, State::closed);
      origins.push_back(connection.announcedFor);
    });
    return origins;
  }

  std::vector<const Connection*> openOnes() {
    std::vector<const Connection*> found;
    connections_.forEachOpen([&](Connection& connection) { found.push_back(&connection); });
    return found;
  }

  Clock::time_point now_{std::chrono::hours(1)};
  Connections connections_{milliseconds(4'000)};
};

using Origins = std::vector<std::string>;

TEST_F(ConnectionsTest, AConnectionIsFoundFromItsOpeningToItsClose) {
  Connection& connection = connections_.add();
  EXPECT_EQ(connection.state, State::connecting);
  EXPECT_EQ(connections_.size(), 1U);
  EXPECT_EQ(connections_.openCount(), 0U);
  EXPECT_EQ(connections_.findById(Connection::kNoId), nullptr);
  EXPECT_EQ(connections_.findBySocket(Connection::kNoSocket), nullptr);

  connections_.opened(connection, 7, 42, Protocol::http2, "https://a.example", now_);
  connection.state = State::open;
  EXPECT_EQ(connections_.findById(7), &connection);
  EXPECT_EQ(connections_.findBySocket(42), &connection);
  EXPECT_EQ(connections_.openCount(), 1U);
  EXPECT_EQ(connection.protocol, Protocol::http2);
  EXPECT_EQ(connection.openedAt, now_);
  EXPECT_EQ(connection.idleSince, now_);
  EXPECT_EQ(connection.keepFor, connections_.keepAliveTimeout());

  connections_.closed(connection);
  EXPECT_EQ(connection.state, State::closed);
  EXPECT_EQ(connections_.findById(7), nullptr);
  EXPECT_EQ(connections_.findBySocket(42), nullptr);
  EXPECT_EQ(connections_.openCount(), 0U);
  EXPECT_EQ(connections_.size(), 1U) << "its end is still to be told";
}

TEST_F(ConnectionsTest, EachHasANumberOfItsOwn) {
  Connection& first = connections_.add();
  const auto serial = first.serial;
  first.state = State::closed;
  connections_.forget(first);
  EXPECT_EQ(connections_.size(), 0U);
  EXPECT_NE(connections_.add().serial, serial);
}

TEST_F(ConnectionsTest, TheEndOfEachIsToldOnceAndForgetsIt) {
  connections_.closed(open(1, 10, "https://a.example"));
  connections_.closed(open(2, 11, "https://b.example"));
  EXPECT_EQ(tellEnded(), (Origins{"https://a.example", "https://b.example"}));
  EXPECT_EQ(connections_.size(), 0U);
  EXPECT_EQ(tellEnded(), Origins{});
}

TEST_F(ConnectionsTest, AConnectionThatNeverOpenedHasNoEndToTell) {
  Connection& connection = connections_.add();
  connections_.closed(connection);
  EXPECT_EQ(tellEnded(), Origins{});
  EXPECT_EQ(connections_.size(), 1U);
  connections_.forget(connection);
  EXPECT_EQ(connections_.size(), 0U);
}

TEST_F(ConnectionsTest, AConnectionStaysWhileARequestRefersToIt) {
  Connection& connection = open(1, 10);
  connection.inUse = 1;
  connections_.closed(connection);
  EXPECT_EQ(tellEnded(), Origins{"https://a.example"});
  EXPECT_EQ(connections_.size(), 1U);
  connection.inUse = 0;
  connections_.forget(connection);
  EXPECT_EQ(connections_.size(), 0U);
}

TEST_F(ConnectionsTest, AConnectionStaysUntilItsEndWasTold) {
  Connection& connection = open(1, 10);
  connections_.closed(connection);
  connections_.forget(connection);
  EXPECT_EQ(connections_.size(), 1U);
  EXPECT_EQ(tellEnded(), Origins{"https://a.example"});
  EXPECT_EQ(connections_.size(), 0U);
}

TEST_F(ConnectionsTest, MayBeClosedTwice) {
  Connection& connection = open(1, 10);
  connections_.closed(connection);
  connections_.closed(connection);
  EXPECT_EQ(connections_.openCount(), 0U);
  EXPECT_EQ(tellEnded(), Origins{"https://a.example"});
}

TEST_F(ConnectionsTest, ADescriptorThatIsUsedAgainBelongsToTheNewOne) {
  Connection& first = open(1, 10);
  first.inUse = 1;
  connections_.closed(first);
  Connection& second = open(2, 10);
  EXPECT_EQ(connections_.findBySocket(10), &second);
  EXPECT_EQ(connections_.findById(1), nullptr);

  connections_.closed(first);  // once more, and it must not take the new one with it
  EXPECT_EQ(connections_.findBySocket(10), &second);
  EXPECT_EQ(connections_.findById(2), &second);
  EXPECT_EQ(second.state, State::open);
  EXPECT_EQ(connections_.openCount(), 1U);
}

TEST_F(ConnectionsTest, WithoutAnIdOfLibcurlsItIsFoundByItsDescriptorOnly) {
  Connection& first = open(Connection::kNoId, 10);
  Connection& second = open(Connection::kNoId, 11);
  EXPECT_EQ(connections_.findById(Connection::kNoId), nullptr);
  connections_.closed(first);
  EXPECT_EQ(connections_.findBySocket(10), nullptr);
  EXPECT_EQ(connections_.findBySocket(11), &second);
}

TEST_F(ConnectionsTest, VisitsThoseThatAreOpenOrDraining) {
  (void)connections_.add();
  Connection& opened = open(1, 10);
  Connection& draining = open(2, 11);
  draining.state = State::draining;
  connections_.closed(open(3, 12));
  const auto found = openOnes();
  EXPECT_EQ(found.size(), 2U);
  EXPECT_NE(found, (std::vector<const Connection*>{&opened, &opened}));
  for (const Connection* connection : found) {
    EXPECT_TRUE(connection == &opened || connection == &draining);
  }
}

TEST_F(ConnectionsTest, AVisitMayCloseAnyConnection) {
  for (int i = 0; i < 10; ++i) {
    (void)open(i, 10 + i);
  }
  int visited = 0;
  connections_.forEachOpen([&](Connection&) {
    ++visited;
    for (int i = 0; i < 10; ++i) {
      if (Connection* const other = connections_.findById(i)) {
        connections_.closed(*other);
      }
    }
  });
  EXPECT_EQ(visited, 1) << "the others were closed by then";
  EXPECT_EQ(tellEnded().size(), 10U);
}

TEST_F(ConnectionsTest, ATeardownMayLeaveAnyOfThemBehind) {
  (void)connections_.add();
  (void)open(1, 10);
  connections_.closed(open(2, 11));
}

TEST_F(ConnectionsTest, OnlyAnOpenOneIsUsableAndOnlyOneWithoutRequestsIsIdle) {
  Connection& connection = connections_.add();

  struct Case {
    State state;
    std::uint32_t inUse;
    bool usable;
    bool idle;
  };

  for (const Case& c :
       {Case{State::connecting, 0, false, false},
        Case{State::connecting, 1, false, false},
        Case{State::open, 0, true, true},
        Case{State::open, 1, true, false},
        Case{State::draining, 0, false, true},
        Case{State::draining, 2, false, false},
        Case{State::closed, 0, false, false}}) {
    connection.state = c.state;
    connection.inUse = c.inUse;
    EXPECT_EQ(connection.usable(), c.usable);
    EXPECT_EQ(connection.isIdle(), c.idle);
  }
  connection.inUse = 0;
}

}  // namespace
}  // namespace dodici
