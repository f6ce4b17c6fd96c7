#include "connections/idle_connections.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace dodici {
namespace {

using std::chrono::milliseconds;
using Clock = Connection::Clock;
using State = Connection::State;
using Sockets = std::set<int>;

class IdleConnectionsTest : public testing::Test {
 protected:
  Connection& open(int socket, milliseconds keepFor) {
    Connection& connection = connections_.add();
    connections_.opened(connection, socket, socket, Protocol::http1, "https://a.example", now_);
    connection.state = State::open;
    connection.keepFor = keepFor;
    return connection;
  }

  // The connection's last request leaves it now.
  void leave(Connection& connection) {
    connection.inUse = 0;
    connection.idleSince = now_;
    idle_.note(connection);
  }

  Sockets expire() {
    Sockets closed;
    idle_.expire(connections_, now_, [&](Connection& connection) {
      closed.insert(connection.socket);
      connections_.closed(connection);
    });
    return closed;
  }

  Clock::time_point now_{std::chrono::hours(1)};
  Connections connections_{milliseconds(4'000)};
  IdleConnections idle_;
};

TEST_F(IdleConnectionsTest, HasNothingToDoWhileNothingIsIdle) {
  EXPECT_EQ(idle_.nextCheck(), Clock::time_point::max());
  open(10, milliseconds(100)).inUse = 1;
  now_ += milliseconds(1000);
  EXPECT_EQ(expire(), Sockets{});
  EXPECT_EQ(idle_.nextCheck(), Clock::time_point::max());
}

TEST_F(IdleConnectionsTest, ClosesAConnectionWhenItHasBeenIdleForAsLongAsItIsKept) {
  leave(open(10, milliseconds(100)));
  EXPECT_EQ(idle_.nextCheck(), now_ + milliseconds(100));
  now_ += milliseconds(99);
  EXPECT_EQ(expire(), Sockets{});
  EXPECT_EQ(idle_.nextCheck(), now_ + milliseconds(1));
  now_ += milliseconds(1);
  EXPECT_EQ(expire(), Sockets{10});
  EXPECT_EQ(idle_.nextCheck(), Clock::time_point::max());
}

TEST_F(IdleConnectionsTest, EachIsKeptForATimeOfItsOwn) {
  leave(open(10, milliseconds(300)));
  leave(open(11, milliseconds(100)));
  leave(open(12, milliseconds(200)));
  EXPECT_EQ(idle_.nextCheck(), now_ + milliseconds(100));
  now_ += milliseconds(100);
  EXPECT_EQ(expire(), Sockets{11});
  EXPECT_EQ(idle_.nextCheck(), now_ + milliseconds(100));
  now_ += milliseconds(1000);
  EXPECT_EQ(expire(), (Sockets{10, 12}));
}

TEST_F(IdleConnectionsTest, TheTimeCountsFromTheLastRequest) {
  Connection& connection = open(10, milliseconds(100));
  leave(connection);
  now_ += milliseconds(60);
  connection.inUse = 1;
  now_ += milliseconds(60);
  EXPECT_EQ(expire(), Sockets{});
  leave(connection);
  now_ += milliseconds(60);
  EXPECT_EQ(expire(), Sockets{});
  EXPECT_EQ(idle_.nextCheck(), now_ + milliseconds(40));
  now_ += milliseconds(40);
  EXPECT_EQ(expire(), Sockets{10});
}

TEST_F(IdleConnectionsTest, ADrainingConnectionIsIdleTooAndAClosedOneIsNot) {
  Connection& draining = open(10, milliseconds(100));
  leave(draining);
  draining.state = State::draining;
  Connection& closed = open(11, milliseconds(100));
  leave(closed);
  connections_.closed(closed);
  now_ += milliseconds(100);
  EXPECT_EQ(expire(), Sockets{10});
}

TEST_F(IdleConnectionsTest, ConnectionsThatAreKeptForNoTimeGoAtOnce) {
  leave(open(10, milliseconds(0)));
  EXPECT_LE(idle_.nextCheck(), now_);
  EXPECT_EQ(expire(), Sockets{10});
}

}  // namespace
}  // namespace dodici
