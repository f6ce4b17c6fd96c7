// Finds HTTP/2 connections on which nothing arrives any more, because the network drops their packets or the server
// hangs.
//
// Threads: loop thread only.
// Owner:   ClientEngine.
#pragma once

#include "connections/connections.h"

#include <chrono>
#include <functional>

namespace dodici {

class SilentConnections {
 public:
  using Clock = Connection::Clock;

  // Call this when a request ends without its response. Returns true if nothing at all has come on the connection for a
  // while. Then the caller sends a PING, and expire() closes the connection if still nothing comes.
  static bool isDoubtful(const Connection& connection);

  // A PING was sent.
  void asked(Connection& connection, Clock::time_point now) {
    connection.askedAt = now;
    ++asked_;
  }

  // Whether some connections have not answered yet, so that expire() must be called from time to time.
  bool waits() const { return asked_ > 0; }

  // Calls onLost(connection), which closes the connection, for each one that has not answered in time.
  void expire(
      Connections& connections,
      Clock::time_point now,
      const std::function<void(Connection&)>& onLost
  );

 private:
  std::size_t asked_ = 0;  // at least the number of connections that wait
};

}  // namespace dodici
