#include "platform/sockets.h"

#include "platform/socket_poller.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace dodici {

namespace {

using std::chrono::milliseconds;

static_assert(SocketEvents::kReadable == POLLIN);
static_assert(SocketEvents::kWritable == POLLOUT);
static_assert(SocketEvents::kBroken == (POLLERR | POLLHUP));
static_assert(SocketEvents::kPeerEnded == POLLRDHUP);

// An older acknowledgement does not count as recent.
constexpr milliseconds kRecent{1000};

bool askTcp(int socket, tcp_info& info) {
  socklen_t length = sizeof info;
  return ::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &length) == 0;
}

void setTcpOption(int socket, int name, int value) {
  ::setsockopt(socket, IPPROTO_TCP, name, &value, sizeof value);
}

}  // namespace

int newSocket(int family, int type, int protocol) {
  return ::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}

bool newSocketPair(std::array<int, 2>& ends) {
  return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0;
}

std::uint32_t eventsOf(int socket) {
  pollfd poll{socket, POLLIN | POLLOUT | POLLRDHUP, 0};
  return ::poll(&poll, 1, 0) <= 0 ? 0U : static_cast<std::uint16_t>(poll.revents);
}

std::ptrdiff_t sendQuietly(int socket, const void* data, std::size_t size) {
  return ::send(socket, data, size, MSG_NOSIGNAL);
}

void setKeepAlive(int socket, const KeepAlive& keepAlive) {
  setTcpOption(socket, TCP_KEEPIDLE, keepAlive.delaySeconds);
  setTcpOption(socket, TCP_KEEPINTVL, keepAlive.intervalSeconds);
  setTcpOption(socket, TCP_KEEPCNT, keepAlive.probes);
}

bool knowsTcp() { return true; }

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
