#include "curl/socket_watchers.h"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <utility>

namespace dodici {

namespace asio = boost::asio;

namespace {

int localPortOf(curl_socket_t socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return 0;
  }
  switch (address.ss_family) {
    case AF_INET:
      return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
    case AF_INET6:
      return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
    default:
      return 0;
  }
}

// True when reading would say that the peer has closed, also after libcurl has read so.
bool sawEnd(curl_socket_t socket) {
  char byte = 0;
  const auto got = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

// Remembered for the moment in which libcurl looks for another connection; no need to remember more.
constexpr std::size_t kMostLost = 1024;

}  // namespace

// A pending wait holds its watch, so a watch may outlive its socket and its owner: `owner` is null then.
struct SocketWatchers::Watch {
  Watch(SocketWatchers& watchers, asio::io_context& context, curl_socket_t fd)
      : owner(&watchers), descriptor(context, fd), socket(fd) {}

  SocketWatchers* owner;
  asio::posix::stream_descriptor descriptor;
  curl_socket_t socket;
  std::string origin;  // not empty: announced as connected
  std::uint32_t announcedAs = 0;
  std::uint32_t requests = 0;
  int localPort = 0;                           // asked for once it is bound
  std::optional<Clock::time_point> idleSince;  // libcurl lost interest
  bool opened = false;                         // by open(), so close() will come
  bool wantsRead = false;
  bool wantsWrite = false;
  bool waitsRead = false;  // an async_wait is pending
  bool waitsWrite = false;
};

SocketWatchers::SocketWatchers(asio::io_context& context, Listener& listener)
    : context_(context), listener_(listener) {}

SocketWatchers::~SocketWatchers() {
  for (auto& [socket, watch] : watches_) {
    watch->owner = nullptr;
    watch->descriptor.release();
    if (watch->opened) {
      ::close(socket);
    }
  }
}

curl_socket_t SocketWatchers::open(const curl_sockaddr& address) {
  const int socket =
      ::socket(address.family, address.socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.protocol);
  if (socket < 0) {
    openError_ = errno;
    return CURL_SOCKET_BAD;
  }
  try {
    auto watch = std::make_shared<Watch>(*this, context_, socket);
    watch->opened = true;
    watches_.insert_or_assign(socket, std::move(watch));
  } catch (...) {
    openError_ = ENOMEM;
    ::close(socket);
    return CURL_SOCKET_BAD;
  }
  ++openCount_;
  return socket;
}

int SocketWatchers::close(curl_socket_t socket) {
  const auto found = watches_.find(socket);
  if (found != watches_.end()) {
    const auto watch = std::move(found->second);
    watches_.erase(found);
    watch->owner = nullptr;
    watch->descriptor.release();
    if (watch->opened) {
      --openCount_;
    }
    if (!watch->origin.empty()) {
      announced_.erase(watch->announcedAs);
      if (std::erase(multiplexed_, socket) > 0 && lost_.size() < kMostLost && sawEnd(socket)) {
        lost_.insert(watch->announcedAs);
      }
      listener_.onDisconnected(watch->origin);
    }
  }
  return ::close(socket);
}

void SocketWatchers::want(curl_socket_t socket, int poll) {
  auto found = watches_.find(socket);
  if (poll == CURL_POLL_REMOVE) {
    if (found == watches_.end()) {
      return;
    }
    auto& watch = *found->second;
    watch.wantsRead = false;
    watch.wantsWrite = false;
    if (watch.opened) {
      watch.idleSince = Clock::now();
      return;
    }
    watch.owner = nullptr;
    watch.descriptor.release();
    watches_.erase(found);
    return;
  }
  if (found == watches_.end()) {
    found = watches_.emplace(socket, std::make_shared<Watch>(*this, context_, socket)).first;
  }
  auto& watch = *found->second;
  watch.wantsRead = (poll & CURL_POLL_IN) != 0;
  watch.wantsWrite = (poll & CURL_POLL_OUT) != 0;
  watch.idleSince.reset();
  waitFor(found->second);
}

// An idle socket's pending read wait is left alone: the next request on it needs it again.
void SocketWatchers::waitFor(const std::shared_ptr<Watch>& watch) {
  if (watch->wantsRead && !watch->waitsRead) {
    watch->waitsRead = true;
    watch->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_read,
        [watch](const boost::system::error_code& error) {
          watch->waitsRead = false;
          if (error || watch->owner == nullptr || !watch->wantsRead) {
            return;
          }
          watch->owner->listener_.onSocketReady(watch->socket, CURL_CSELECT_IN);
          if (watch->owner != nullptr) {
            watch->owner->waitFor(watch);
          }
        }
    );
  }
  if (watch->wantsWrite && !watch->waitsWrite) {
    watch->waitsWrite = true;
    watch->descriptor.async_wait(
        asio::posix::stream_descriptor::wait_write,
        [watch](const boost::system::error_code& error) {
          watch->waitsWrite = false;
          if (error || watch->owner == nullptr || !watch->wantsWrite) {
            return;
          }
          watch->owner->listener_.onSocketReady(watch->socket, CURL_CSELECT_OUT);
          if (watch->owner != nullptr) {
            watch->owner->waitFor(watch);
          }
        }
    );
  }
}

SocketWatchers::Use SocketWatchers::noteRequest(
    std::string_view origin, Protocol protocol, Ports ports
) {
  const auto known = announced_.find(ports.key());
  if (known != announced_.end()) {
    return {false, ++known->second->requests};
  }
  Watch* const watch = findUnannounced(ports.local);
  if (watch == nullptr) {
    return {};
  }
  watch->origin = origin;
  watch->announcedAs = ports.key();
  announced_.emplace(ports.key(), watch);
  lost_.erase(ports.key());
  if (protocol == Protocol::http2) {
    multiplexed_.push_back(watch->socket);
  }
  return {true, ++watch->requests};
}

bool SocketWatchers::lostByPeer(Ports ports) const {
  const auto open = announced_.find(ports.key());
  return open == announced_.end() ? lost_.contains(ports.key()) : sawEnd(open->second->socket);
}

// Unix sockets have no port: there it is any that is new.
SocketWatchers::Watch* SocketWatchers::findUnannounced(int localPort) const {
  for (const auto& [socket, watch] : watches_) {
    if (!watch->opened || !watch->origin.empty()) {
      continue;
    }
    if (watch->localPort == 0 && localPort > 0) {
      watch->localPort = localPortOf(socket);
    }
    if (localPort <= 0 || watch->localPort == localPort) {
      return watch.get();
    }
  }
  return nullptr;
}

std::size_t SocketWatchers::shutDownIdle(Clock::time_point now, std::chrono::milliseconds limit) {
  std::size_t idle = 0;
  for (auto& [socket, watch] : watches_) {
    if (!watch->opened || !watch->idleSince) {
      continue;
    }
    if (now - *watch->idleSince >= limit) {
      ::shutdown(socket, SHUT_RDWR);
    } else {
      ++idle;
    }
  }
  return idle;
}

int SocketWatchers::takeOpenError() { return std::exchange(openError_, 0); }

}  // namespace dodici
