#include "platform/sockets.h"

#include "platform/socket_poller.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace dodici {

namespace {

// macOS has an option of the socket instead of this flag.
#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;
#endif

// Without POLLRDHUP, POLLHUP already tells of a peer that sends nothing more, as macOS does.
#ifdef POLLRDHUP
constexpr short kPeerEnded = POLLRDHUP;
constexpr short kBroken = POLLERR | POLLHUP;
#else
constexpr short kPeerEnded = POLLHUP;
constexpr short kBroken = POLLERR;
#endif

#if !defined(TCP_KEEPIDLE) && defined(TCP_KEEPALIVE)
#define TCP_KEEPIDLE TCP_KEEPALIVE
#endif

void setOption(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

bool prepare(int socket) {
#ifdef SO_NOSIGPIPE
  setOption(socket, SOL_SOCKET, SO_NOSIGPIPE, 1);
#endif
  return ::fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 &&
         ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_NONBLOCK) == 0;
}

void closeKeepingErrno(int socket) {
  const int error = errno;
  ::close(socket);
  errno = error;
}

}  // namespace

int newSocket(int family, int type, int protocol) {
  const int socket = ::socket(family, type, protocol);
  if (socket >= 0 && !prepare(socket)) {
    closeKeepingErrno(socket);
    return -1;
  }
  return socket;
}

bool newSocketPair(std::array<int, 2>& ends) {
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) {
    return false;
  }
  if (prepare(ends[0]) && prepare(ends[1])) {
    return true;
  }
  closeKeepingErrno(ends[0]);
  closeKeepingErrno(ends[1]);
  return false;
}

std::uint32_t eventsOf(int socket) {
  pollfd poll{socket, static_cast<short>(POLLIN | POLLOUT | kPeerEnded), 0};
  if (::poll(&poll, 1, 0) <= 0) {
    return 0;
  }
  return ((poll.revents & POLLIN) != 0 ? SocketEvents::kReadable : 0U) |
         ((poll.revents & POLLOUT) != 0 ? SocketEvents::kWritable : 0U) |
         ((poll.revents & kPeerEnded) != 0 ? SocketEvents::kPeerEnded : 0U) |
         ((poll.revents & kBroken) != 0 ? SocketEvents::kBroken : 0U);
}

std::ptrdiff_t sendQuietly(int socket, const void* data, std::size_t size) {
  return ::send(socket, data, size, kSendFlags);
}

void setKeepAlive(int socket, const KeepAlive& keepAlive) {
#ifdef TCP_KEEPIDLE
  setOption(socket, IPPROTO_TCP, TCP_KEEPIDLE, keepAlive.delaySeconds);
#endif
#ifdef TCP_KEEPINTVL
  setOption(socket, IPPROTO_TCP, TCP_KEEPINTVL, keepAlive.intervalSeconds);
  setOption(socket, IPPROTO_TCP, TCP_KEEPCNT, keepAlive.probes);
#endif
}

bool knowsTcp() { return false; }

std::chrono::microseconds roundTripOf(int) { return std::chrono::microseconds(0); }

SilenceSigns silenceOf(int) { return {}; }

}  // namespace dodici
