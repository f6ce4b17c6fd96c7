// SocketWatchers' part on HTTP/2 connections of which nothing is heard any more: forgotten by the network without a word,
// or by a server that hangs. A request on an HTTP/1.1 connection that times out takes the connection with it.
#include "curl/socket_watch.h"
#include "curl/socket_watchers.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>

namespace dodici {

namespace {

using std::chrono::milliseconds;

// A server that has said something more recently is there, if slow.
constexpr milliseconds kSilence{1000};

// A server that cannot answer a PING for so long is lost. One that is busy, or far away, is not.
constexpr milliseconds kTimeToAnswer{5000};

// The clocks of the system, for what arrives, and of the turn are apart; without an answer the silence is longer by kSilence.
constexpr milliseconds kMargin = kSilence / 2;

struct Signs {
  milliseconds silence{0};    // since the peer has said something last
  bool acknowledges = false;  // a slow upload is on its way, and the PING behind it
};

// Of what is no TCP there are no signs, and no doubts.
Signs signsOf(curl_socket_t socket) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) {
    return {};
  }
  return {
      milliseconds(info.tcpi_last_data_recv),
      info.tcpi_unacked > 0 && milliseconds(info.tcpi_last_ack_recv) < kSilence};
}

}  // namespace

bool SocketWatchers::doubts(Ports ports, Clock::time_point now) {
  const auto known = announced_.find(ports.key());
  if (known == announced_.end()) {
    return false;
  }
  Watch& watch = *known->second;
  if (!watch.multiplexed || watch.gone || watch.askedAt ||
      signsOf(watch.socket).silence < kSilence) {
    return false;
  }
  watch.askedAt = now;
  return true;
}

void SocketWatchers::endSilent(Clock::time_point now) {
  for (const curl_socket_t socket : multiplexed_) {
    Watch& watch = *watches_.at(socket);
    if (!watch.askedAt || now - *watch.askedAt < kTimeToAnswer) {
      continue;
    }
    const Signs signs = signsOf(socket);
    const bool answered = signs.silence < now - *watch.askedAt + kMargin;
    if (!answered && signs.acknowledges) {
      continue;
    }
    if (!answered) {
      ::shutdown(socket, SHUT_RDWR);
    }
    watch.askedAt.reset();
  }
}

}  // namespace dodici
