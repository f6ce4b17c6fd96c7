// Every connection of a client on one loop, from the moment in which libcurl is asked to make it until its end was told.
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

  // A connection that is about to be made.
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

  // Null: not known, or closed.
  Connection* findById(std::int64_t id) const;
  Connection* findBySocket(int socket) const;

  // libcurl has let go of it: nothing finds it any more. Its requests may still refer to it.
  void closed(Connection& connection);

  // No request refers to the connection any more. Forgets it, unless its end must still be told. REQUIRES: it is closed, or was
  // never opened, and it is not in use.
  void forget(Connection& connection);

  // Calls onEnded(connection) for each announced connection that was closed since the last time, and forgets those that no
  // request refers to.
  void tellEnded(const std::function<void(const Connection&)>& onEnded);

  // Calls visit(connection) for each connection that is open or draining. It may close connections.
  void forEachOpen(const std::function<void(Connection&)>& visit);

  // Connections that are open or draining.
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
  std::vector<std::uint64_t> ended_;                                    // not told yet
};

}  // namespace dodici
