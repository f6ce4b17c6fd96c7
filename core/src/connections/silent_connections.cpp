#include "connections/silent_connections.h"

#include "platform/sockets.h"

namespace dodici {

namespace {

using std::chrono::milliseconds;

// A server that has sent something within this time is alive, though perhaps slow.
constexpr milliseconds kSilence{1000};

// A server that does not answer a PING for this long is lost; even a busy or distant one answers sooner.
constexpr milliseconds kTimeToAnswer{5000};

// Tolerance for the difference between the system's clock for arrivals and the clock of the turn. Without an answer the
// silence is longer by kSilence.
constexpr milliseconds kMargin = kSilence / 2;

}  // namespace

bool SilentConnections::isDoubtful(const Connection& connection) {
  return connection.protocol == Protocol::http2 && connection.state != Connection::State::closed &&
         !connection.askedAt && silenceOf(connection.socket).silence >= kSilence;
}

void SilentConnections::expire(
    Connections& connections, Clock::time_point now, const std::function<void(Connection&)>& onLost
) {
  if (asked_ == 0) {
    return;
  }
  asked_ = 0;
  connections.forEachOpen([&](Connection& connection) {
    if (!connection.askedAt) {
      return;
    }
    if (now - *connection.askedAt < kTimeToAnswer) {
      ++asked_;
      return;
    }
    const SilenceSigns signs = silenceOf(connection.socket);
    if (signs.silence < now - *connection.askedAt + kMargin) {
      connection.askedAt.reset();
    } else if (signs.acknowledges) {
      ++asked_;  // a slow upload is being sent, and the PING waits behind it
    } else {
      onLost(connection);
    }
  });
}

}  // namespace dodici
