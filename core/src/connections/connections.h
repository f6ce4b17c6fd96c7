// All connections of a client on one loop, from when libcurl is asked to make one until its end was reported.
//
// Threads: loop thread only.
// Owner:   ClientEngine. It outlives OriginQueue, whose origins refer to these connections.
#pragma once

#include "connections/connection.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dodici {

class Connections {
 public:
  using Clock = Connection::Clock;

  explicit Connections(std::chrono::milliseconds keepAliveTimeout)
      : keepAliveTimeout_(keepAliveTimeout) {}

  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Adds a connection that is about to be made.
  Connection& add();

  // The connection is made. REQUIRES: no open connection has this descriptor.
  void opened(
      Connection& connection,
      std::int64_t id,
      int socket,
      Protocol protocol,
      std::string_view origin,
      Clock::time_point now
  );

  // Null if it is not known, or closed.
  Connection* findById(std::int64_t id) const;
  Connection* findBySocket(int socket) const;

  // libcurl has let go of the connection, so it can no longer be found. Its requests may still refer to it.
  void closed(Connection& connection);

  // Forgets the connection, unless its end must still be reported. REQUIRES: it is closed or was never opened, it is
  // not in use, and no request refers to it.
  void forget(Connection& connection);

  // Calls onEnded(connection) for each announced connection that was closed since the last call, and forgets those to
  // which no request refers.
  void tellEnded(const std::function<void(const Connection&)>& onEnded);

  // Calls visit(connection) for each connection that is open or draining. It may close connections.
  void forEachOpen(const std::function<void(Connection&)>& visit);

  // The number of connections that are open or draining.
  std::size_t openCount() const { return openCount_; }

  std::size_t size() const { return all_.size(); }

  std::chrono::milliseconds keepAliveTimeout() const { return keepAliveTimeout_; }

 private:
  const std::chrono::milliseconds keepAliveTimeout_;
  std::uint64_t nextSerial_ = 0;
  std::size_t openCount_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> all_;  // by serial
  std::unordered_map<std::int64_t, Connection*> byId_;                  // open and draining ones
  std::unordered_map<int, Connection*> bySocket_;                       // the same
  std::vector<std::uint64_t> ended_;                                    // not reported yet
};

}  // namespace dodici
