// Decides how long connections are kept while no request is on them.
//
// Threads: loop thread only.
// Owner:   ClientEngine.
#pragma once

#include "connections/connections.h"

#include <algorithm>
#include <functional>

namespace dodici {

class IdleConnections {
 public:
  using Clock = Connection::Clock;

  // The earliest time at which expire() may have work; max() if no connection is idle.
  Clock::time_point nextCheck() const { return nextCheck_; }

  // The last request has left the connection.
  void note(const Connection& connection) {
    nextCheck_ = std::min(nextCheck_, connection.idleSince + connection.keepFor);
  }

  // Calls onExpired(connection), which closes it, for each connection that has been idle for as long as it is kept.
  void expire(
      Connections& connections,
      Clock::time_point now,
      const std::function<void(Connection&)>& onExpired
  ) {
    nextCheck_ = Clock::time_point::max();
    connections.forEachOpen([&](Connection& connection) {
      if (!connection.isIdle()) {
        return;
      }
      if (now >= connection.idleSince + connection.keepFor) {
        onExpired(connection);
      } else {
        note(connection);
      }
    });
  }

 private:
  Clock::time_point nextCheck_ = Clock::time_point::max();
};

}  // namespace dodici
