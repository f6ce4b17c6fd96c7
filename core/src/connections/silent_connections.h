// HTTP/2 connections on which nothing arrives any more, because the network has dropped them silently or the server hangs.
// HTTP/1.1 needs no such check: a request that times out closes its connection.
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

  // A request on this connection ends without an answer. True when nothing at all has come on it for a while: then the caller
  // sends a PING, and expire() closes it if nothing comes after that either.
  static bool isDoubtful(const Connection& connection);

  // A PING is on its way.
  void asked(Connection& connection, Clock::time_point now) {
    connection.askedAt = now;
    ++asked_;
  }

  // Some connections have not answered yet: expire() must be called now and then.
  bool waits() const { return asked_ > 0; }

  // Calls onLost(connection), which closes the connection, for each one that has not answered in time.
  void expire(
      Connections& connections,
      Clock::time_point now,
      const std::function<void(Connection&)>& onLost
  );

 private:
  std::size_t asked_ = 0;  // at least as many as wait
};

}  // namespace dodici
