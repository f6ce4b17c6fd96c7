// Keeps our connections in step with libcurl's, and decides when one is closed.
//
// Threads: loop thread only. The ConnectionListener's functions are called inside libcurl, and must not call it.
// Owner:   ClientEngine.
#pragma once

#include "connections/connections.h"
#include "connections/idle_connections.h"
#include "connections/origin_queue.h"
#include "connections/silent_connections.h"
#include "curl/multi_handle.h"
#include "curl/socket_watchers.h"
#include "events/event_batcher.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dodici {

class EasyHandle;

class ConnectionKeeper final : public MultiHandle::ConnectionListener {
 public:
  using Clock = Connection::Clock;

  // `multi` need not be constructed yet.
  ConnectionKeeper(
      Connections& connections,
      OriginQueue& origins,
      SocketWatchers& watchers,
      MultiHandle& multi,
      EventBatcher& batcher,
      std::chrono::milliseconds pingInterval
  );

  // Returns the connection on which a request is about to be sent; null if it must not be sent on the one that libcurl
  // has chosen. Called inside Receiver::onStarted().
  Connection* onSending(
      OriginQueue::Ticket& ticket, const EasyHandle& easy, bool isTls, std::string_view origin
  );

  // A request has left the connection.
  void onLeft(Connection& connection);

  // The connection takes no more requests, and is closed when the last one has left.
  void drain(Connection& connection);

  // Bytes, or an end, have come on a socket that libcurl does not read.
  SocketWatchers::Unread onUnread(int socket);

  // libcurl is closing the socket. Called inside libcurl; does not throw.
  void onSocketClosed(int socket) noexcept;

  // A given socket has ended before its data was complete. Returns false if no connection has this link.
  bool onLinkBroken(std::uint32_t link);

  // A request over HTTP/2 ends without its response. REQUIRES: its stream is still open.
  void askWhetherAlive(Connection& connection);

  // Closes connections that have been idle or silent for too long.
  void expire();

  // When to call expire() next; max() if there is no need.
  Clock::time_point nextExpiry() const;

  // Carries out what libcurl's callbacks have left to do. Returns true if there was something.
  bool settle();

  // Whether connections have `broken` set, so that their requests must be failed.
  bool hasBroken() const { return !broken_.empty(); }

  void forgetBroken();

  // Reports the connections that have ended since the last call. REQUIRES: requests that failed with them were
  // reported.
  void tellEnded();

  // Reports the end of all connections, when the client ends.
  void endAll();

 private:
  void onConnectionRemoved(std::int64_t id) override;
  void onStreamLimit(std::int64_t id, std::uint32_t streams) override;
  void onGoaway(std::int64_t id, std::uint32_t lastStream, std::uint32_t error) override;
  void onSessionEnded(std::int64_t id) override;

  Connection& moveTo(
      OriginQueue::Ticket& ticket, const EasyHandle& easy, int socket, std::string_view origin
  );
  void opened(
      OriginQueue::Ticket& ticket, const EasyHandle& easy, int socket, std::string_view origin
  );
  bool checkIdle(Connection& idle);
  void sendPings(Clock::time_point now);
  void close(Connection& connection, Errc code, std::uint32_t detail = 0);

  const std::chrono::milliseconds pingInterval_;
  Connections& connections_;
  OriginQueue& origins_;
  SocketWatchers& watchers_;
  MultiHandle& multi_;
  EventBatcher& batcher_;
  IdleConnections idle_;
  SilentConnections silent_;
  Clock::time_point nextPing_ = Clock::time_point::max();
  // Connections, by Connection::id, whose requests fail as soon as libcurl has returned.
  std::vector<std::int64_t> broken_;

  // Facts that libcurl reported before a connection's first request was written, by Connection::id.
  struct Early {
    std::optional<std::uint32_t> streams;
    bool ended = false;  // GOAWAY, or the session's end
  };

  std::unordered_map<std::int64_t, Early> early_;
};

}  // namespace dodici
