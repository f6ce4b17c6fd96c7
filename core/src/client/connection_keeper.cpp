#include "client/connection_keeper.h"

#include "connections/socket_signs.h"
#include "curl/easy_handle.h"

#include <sys/socket.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace dodici {

namespace {

// How often connections are checked: those that were sent a PING, and with an older libcurl all of them.
constexpr std::chrono::seconds kLookInterval{1};

}  // namespace

ConnectionKeeper::ConnectionKeeper(
    Connections& connections,
    OriginQueue& origins,
    SocketWatchers& watchers,
    MultiHandle& multi,
    EventBatcher& batcher,
    std::chrono::milliseconds pingInterval
)
    : pingInterval_(pingInterval),
      connections_(connections),
      origins_(origins),
      watchers_(watchers),
      multi_(multi),
      batcher_(batcher) {}

Connection* ConnectionKeeper::onSending(
    OriginQueue::Ticket& ticket, const EasyHandle& easy, bool isTls, std::string_view origin
) {
  Connection* connection = ticket.connection();
  if (connection == nullptr) {
    return nullptr;
  }
  if (ticket.opens()) {
    opened(ticket, easy, easy.connectionSocket(), origin);
  } else if constexpr (!MultiHandle::kNamesConnections) {
    // There is none for a kept connection over a Unix socket, which libcurl does not report; all such connections lead
    // to the same server.
    const int socket = easy.connectionSocket();
    if (watchers_.isGivenUp(socket)) {
      return nullptr;
    }
    if (socket != Connection::kNoSocket) {
      connection = &moveTo(ticket, easy, socket, origin);
    }
  }
  // Bytes that came before the request is written are not its response.
  if (connection->requests > 0 && connection->protocol == Protocol::http1) {
    const bool isUnread = isTls && easy.hasUnreadTls();
    if (isUnread || (!MultiHandle::kNamesConnections && faultOf(connection->socket, false))) {
      connection->endCode = Errc::unaskedBytes;
      drain(*connection);
      return nullptr;
    }
  }
  if (connection->allowsNoStream()) {
    return nullptr;
  }
  ++connection->requests;
  connection->keepFor = connections_.keepAliveTimeout();
  return connection;
}

// Moves the request to the connection with this socket, which an older libcurl has chosen.
Connection& ConnectionKeeper::moveTo(
    OriginQueue::Ticket& ticket, const EasyHandle& easy, int socket, std::string_view origin
) {
  Connection& before = *ticket.connection();
  const bool stays = before.state != Connection::State::closed;
  Connection* const actual = connections_.findBySocket(socket);
  Connection& connection = origins_.moveTo(ticket, actual, Clock::now());
  if (stays && &before != &connection) {
    onLeft(before);
  }
  if (actual == nullptr) {
    opened(ticket, easy, socket, origin);
  }
  return connection;
}

void ConnectionKeeper::opened(
    OriginQueue::Ticket& ticket, const EasyHandle& easy, int socket, std::string_view origin
) {
  const auto now = Clock::now();
  if (Connection* const before = connections_.findBySocket(socket)) {
    origins_.onClosed(*before, now);
  }
  const bool isHttp2 = easy.isOnHttp2();
  connections_.opened(
      *ticket.connection(),
      easy.connectionId(),
      socket,
      isHttp2 ? Protocol::http2 : Protocol::http1,
      origin,
      now
  );
  if (isHttp2) {
    watchers_.gatherWrites(socket);
    if constexpr (!MultiHandle::kNamesConnections) {
      // An older libcurl obeys the stream limit by itself and does not report it.
      origins_.onStreamLimit(*ticket.connection(), std::numeric_limits<std::uint32_t>::max(), now);
    }
  }
  batcher_.connected(origin);
  Connection& connection = *ticket.connection();
  connection.verified = easy.tlsStores().origin->verifies();
  connection.proxyVerified = easy.tlsStores().proxy->verifies();
  connection.link = easy.link();
  if (isHttp2 && pingInterval_.count() > 0) {
    connection.nextPing = now + pingInterval_;
    nextPing_ = std::min(nextPing_, *connection.nextPing);
  }
  const auto early = early_.extract(connection.id);
  if (early && early.mapped().streams) {
    connection.peerStreams = *early.mapped().streams;
    connection.settingsSeen = true;
  }
  origins_.onOpened(ticket, now);
  if (early && early.mapped().ended) {
    drain(connection);
  }
}

void ConnectionKeeper::onLeft(Connection& connection) {
  if (!connection.isIdle()) {
    return;
  }
  if (connection.state == Connection::State::draining) {
    close(connection, connection.endCode, connection.endDetail);
    return;
  }
  idle_.note(connection);
  if (std::exchange(connection.isUnread, false)) {
    const int socket = connection.socket;
    checkIdle(connection);
    watchers_.reportAgain(socket);
  }
}

void ConnectionKeeper::drain(Connection& connection) { origins_.drain(connection, Clock::now()); }

SocketWatchers::Unread ConnectionKeeper::onUnread(int socket) {
  Connection* const connection = connections_.findBySocket(socket);
  if (connection == nullptr) {
    return SocketWatchers::Unread::left;
  }
  if (!connection->isIdle()) {
    // The watchers report an end once. Requests that have failed by it may still be on the connection.
    connection->isUnread = true;
    return SocketWatchers::Unread::left;
  }
  return checkIdle(*connection) ? SocketWatchers::Unread::taken : SocketWatchers::Unread::left;
}

// Reads what the peer of an idle HTTP/2 connection has sent, and closes a connection that cannot serve a request any
// more. Returns whether all bytes were read and the connection goes on.
bool ConnectionKeeper::checkIdle(Connection& idle) {
  const int socket = idle.socket;
  const bool isHttp2 = idle.protocol == Protocol::http2;
  const auto fault = faultOf(socket, isHttp2);
  if (fault && idle.endCode == Errc::notKept) {
    idle.endCode = fault->code;
    idle.endDetail = fault->detail;
  }
  const bool reads = isHttp2 && MultiHandle::kNamesConnections;
  if (reads) {
    // The peer may have sent the reason before the end.
    multi_.check(idle);
  }
  Connection* const still = connections_.findBySocket(socket);
  if (still != nullptr && fault) {
    close(*still, still->endCode, still->endDetail);
  }
  return still != nullptr && !fault && reads;
}

// A libcurl with connection events has already reported this by one.
void ConnectionKeeper::onSocketClosed(int socket) noexcept {
  if (Connection* const connection = connections_.findBySocket(socket)) {
    origins_.onClosed(*connection, Clock::now());
  }
}

bool ConnectionKeeper::onLinkBroken(std::uint32_t link) {
  const int socket = watchers_.findByLink(link);
  if (socket == Connection::kNoSocket) {
    return false;
  }
  if (Connection* const connection = connections_.findBySocket(socket)) {
    connection->isCutOff = true;
  }
  // What has come before can still be read.
  ::shutdown(socket, SHUT_RD);
  return true;
}

void ConnectionKeeper::askWhetherAlive(Connection& connection) {
  if (SilentConnections::isDoubtful(connection) && multi_.ping(connection)) {
    silent_.asked(connection, Clock::now());
  }
}

void ConnectionKeeper::expire() {
  const auto now = Clock::now();
  sendPings(now);
  idle_.expire(connections_, now, [this, now](Connection& connection) {
    if (origins_.isAwaited(connection)) {
      connection.idleSince = now;
      idle_.note(connection);
    } else {
      close(connection, Errc::idleTimeout);
    }
  });
  silent_.expire(connections_, now, [this](Connection& connection) {
    connection.broken = Error{Errc::socketClosed, 0, "the connection is silent", {}};
    drain(connection);
    broken_.push_back(connection.id);
  });
  if constexpr (!MultiHandle::kNamesConnections) {
    // nghttp2 gives up a connection whose peer broke the rules, but libcurl only notices it when it next handles a
    // stream, for which there may be no other reason.
    connections_.forEachOpen([this](Connection& connection) {
      if (connection.protocol == Protocol::http2 && !connection.isIdle()) {
        multi_.readFrom(connection);
      }
    });
  }
}

// undici's pingInterval, by which middleboxes see that the connection is in use.
void ConnectionKeeper::sendPings(Clock::time_point now) {
  if (now < nextPing_) {
    return;
  }
  nextPing_ = Clock::time_point::max();
  connections_.forEachOpen([&](Connection& connection) {
    if (!connection.nextPing) {
      return;
    }
    if (now >= *connection.nextPing) {
      connection.nextPing = now + pingInterval_;
      multi_.ping(connection);
    }
    nextPing_ = std::min(nextPing_, *connection.nextPing);
  });
}

ConnectionKeeper::Clock::time_point ConnectionKeeper::nextExpiry() const {
  const auto next = std::min({idle_.nextCheck(), nextPing_, origins_.nextStall()});
  const bool looks =
      silent_.waits() || (!MultiHandle::kNamesConnections && connections_.openCount() > 0);
  return looks ? std::min(next, Clock::now() + kLookInterval) : next;
}

bool ConnectionKeeper::settle() {
  bool any = false;
  for (const int socket : origins_.takeDrained()) {
    Connection* const connection = connections_.findBySocket(socket);
    if (connection != nullptr && connection->state == Connection::State::draining &&
        connection->isIdle()) {
      close(*connection, connection->endCode, connection->endDetail);
      any = true;
    }
  }
  return any;
}

void ConnectionKeeper::forgetBroken() {
  for (const std::int64_t id : std::exchange(broken_, {})) {
    if (Connection* const connection = connections_.findById(id)) {
      close(*connection, connection->broken->code, connection->broken->detail);
    }
  }
}

void ConnectionKeeper::tellEnded() {
  connections_.tellEnded([this](const Connection& connection) {
    batcher_.disconnected(connection.announcedFor, connection.endCode, connection.endDetail);
  });
}

void ConnectionKeeper::endAll() {
  connections_.forEachOpen([this](Connection& connection) {
    origins_.onClosed(connection, Clock::now());
  });
  tellEnded();
}

void ConnectionKeeper::onConnectionRemoved(std::int64_t id) {
  early_.erase(id);
  if (Connection* const connection = connections_.findById(id)) {
    origins_.onClosed(*connection, Clock::now());
  }
}

void ConnectionKeeper::onStreamLimit(std::int64_t id, std::uint32_t streams) {
  if (Connection* const connection = connections_.findById(id)) {
    origins_.onStreamLimit(*connection, streams, Clock::now());
  } else {
    early_[id].streams = streams;
  }
}

void ConnectionKeeper::onGoaway(std::int64_t id, std::uint32_t lastStream, std::uint32_t error) {
  Connection* const connection = connections_.findById(id);
  if (connection == nullptr) {
    early_[id].ended = true;
    return;
  }
  connection->goawayLast = lastStream;
  connection->endCode = Errc::goaway;
  connection->endDetail = error;
  drain(*connection);
  if (error != 0 && !connection->broken) {
    connection->broken = Error{Errc::goaway, error, describe(Errc::goaway), {}};
    broken_.push_back(id);
  }
}

void ConnectionKeeper::onSessionEnded(std::int64_t id) {
  Connection* const connection = connections_.findById(id);
  if (connection == nullptr) {
    early_[id].ended = true;
    return;
  }
  drain(*connection);
  if (!connection->isIdle() && !connection->broken) {
    connection->broken = Error{Errc::http2Error, 0, describe(Errc::http2Error), {}};
    broken_.push_back(id);
  }
}

// Stops using the connection. libcurl may keep it for the requests that are still on it.
void ConnectionKeeper::close(Connection& connection, Errc code, std::uint32_t detail) {
  connection.endCode = code;
  connection.endDetail = detail;
  // The object stays until its end has been reported.
  origins_.onClosed(connection, Clock::now());
  multi_.close(connection);
}

}  // namespace dodici
