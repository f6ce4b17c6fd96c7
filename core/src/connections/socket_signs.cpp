#include "connections/socket_signs.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace dodici {

namespace {

using std::chrono::milliseconds;

// An older acknowledgement does not count as recent.
constexpr milliseconds kRecent{1000};

bool askTcp(int socket, tcp_info& info) {
  socklen_t length = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0;
}

}  // namespace

std::optional<SocketFault> faultOf(int socket, bool isMultiplexed) {
  pollfd poll{socket, POLLIN | POLLRDHUP, 0};
  if (::poll(&poll, 1, 0) <= 0) {
    return std::nullopt;
  }
  int error = 0;
  socklen_t length = sizeof error;
  if ((poll.revents & POLLERR) != 0 &&
      ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0) {
    return SocketFault{Errc::socketError, static_cast<std::uint32_t>(error)};
  }
  if ((poll.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
    return SocketFault{Errc::socketClosed, 0};
  }
  return isMultiplexed ? std::nullopt : std::optional(SocketFault{Errc::unaskedBytes, 0});
}

std::chrono::microseconds roundTripOf(int socket) {
  tcp_info info{};
  return std::chrono::microseconds(askTcp(socket, info) ? info.tcpi_rtt : 0);
}

SilenceSigns silenceOf(int socket) {
  tcp_info info{};
  if (!askTcp(socket, info)) {
    return {};
  }
  return {
      milliseconds(info.tcpi_last_data_recv),
      info.tcpi_unacked > 0 && milliseconds(info.tcpi_last_ack_recv) < kRecent};
}

}  // namespace dodici
