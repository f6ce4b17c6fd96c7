#include "curl/socket_watchers.h"

#include "curl/socket_watch.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
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

SocketWatchers::SocketWatchers(
    asio::io_context& context, Listener& listener, const ClientOptions& options
)
    : listener_(listener),
      options_(options),
      poller_(context, [this](std::uint64_t key, std::uint32_t events) { onReady(key, events); }) {}

SocketWatchers::~SocketWatchers() {
  tellEndings();
  for (auto& [socket, watch] : watches_) {
    if (watch->opened) {
      ::close(socket);
    }
  }
}

SocketWatchers::Watch& SocketWatchers::add(curl_socket_t socket) {
  auto& watch = watches_[socket];
  watch = std::make_unique<Watch>(socket, nextSerial_++, options_.keepAliveTimeout, used_);
  return *watch;
}

curl_socket_t SocketWatchers::open(const curl_sockaddr& address) {
  const int socket =
      ::socket(address.family, address.socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.protocol);
  if (socket < 0) {
    return CURL_SOCKET_BAD;
  }
  try {
    add(socket).opened = true;
  } catch (...) {
    ::close(socket);
    errno = ENOMEM;
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
    if (watch->opened) {
      --openCount_;
    }
    // A last word of libcurl's to the peer.
    watch->stream.flush();
    if (watch->gone) {
      --goneCount_;
    }
    if (watch->announced) {
      announced_.erase(watch->announcedAs);
      if (std::erase(multiplexed_, socket) > 0 && lost_.size() < kMostLost && sawEnd(socket)) {
        lost_.insert(watch->announcedAs);
      }
      end(*watch);
    }
  }
  return ::close(socket);
}

void SocketWatchers::end(Watch& watch) {
  if (!watch.origin.empty()) {
    endings_.push_back(
        {std::exchange(watch.origin, {}), watch.announcedAs, watch.endCode, watch.endDetail}
    );
  }
}

// libcurl may have closed the connection before anybody hears that the request has failed.
void SocketWatchers::noteFailure(Ports ports, const Error& error) {
  if (const auto open = announced_.find(ports.key()); open != announced_.end()) {
    Watch& watch = *open->second;
    watch.endCode = error.code;
    watch.endDetail = error.detail;
    return;
  }
  for (Ending& ending : endings_) {
    if (ending.ports == ports.key() && ending.code == Errc::notKept) {
      ending.code = error.code;
      ending.detail = error.detail;
    }
  }
}

void SocketWatchers::tellEndings() {
  if (endings_.empty()) {
    return;
  }
  for (const Ending& ending : std::exchange(endings_, {})) {
    listener_.onDisconnected(ending.origin, ending.code, ending.detail);
  }
}

// An idle socket stays in the poller: the next request on it wants the same.
void SocketWatchers::want(curl_socket_t socket, int poll) {
  const auto found = watches_.find(socket);
  if (poll == CURL_POLL_REMOVE) {
    if (found == watches_.end()) {
      return;
    }
    auto& watch = *found->second;
    watch.wanted = 0;
    if (watch.opened) {
      watch.idleSince = Clock::now();
      restartIdle(watch);
      return;
    }
    listen(watch, 0);
    watches_.erase(found);
    return;
  }
  auto& watch = found == watches_.end() ? add(socket) : *found->second;
  watch.wanted =
      ((poll & CURL_POLL_IN) != 0 ? EPOLLIN : 0U) | ((poll & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0U);
  watch.idleSince.reset();
  listen(watch, watch.needed());
}

void SocketWatchers::listen(Watch& watch, std::uint32_t events) {
  poller_.change(watch.socket, watch.key(), watch.registered, events);
  watch.registered = events;
}

void SocketWatchers::onReady(std::uint64_t key, std::uint32_t events) {
  Watch* const found = find(key);
  if (found == nullptr) {
    return;
  }
  auto& watch = *found;
  if (watch.stream.blocked()) {
    watch.stream.flush();
  }
  if (watch.wanted == 0) {
    onUnread(watch, events);
    return;
  }
  int ready = 0;
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && (watch.wanted & EPOLLIN) != 0) {
    ready |= CURL_CSELECT_IN;
  }
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && (watch.wanted & EPOLLOUT) != 0) {
    ready |= CURL_CSELECT_OUT;
  }
  if (ready != 0) {
    listener_.onSocketReady(watch.socket, ready);
  } else {
    listen(watch, watch.needed());
  }
}

SocketWatchers::Watch* SocketWatchers::find(std::uint64_t key) const {
  const auto found = watches_.find(static_cast<curl_socket_t>(key & 0xFFFF'FFFFU));
  return found == watches_.end() || found->second->key() != key ? nullptr : found->second.get();
}

SocketWatchers::Use SocketWatchers::noteRequest(
    std::string_view origin, Protocol protocol, Ports ports
) {
  const auto known = announced_.find(ports.key());
  if (known != announced_.end()) {
    Watch& watch = *known->second;
    watch.keepFor = options_.keepAliveTimeout;
    // libcurl may send this request and read its answer without a word about the socket.
    restartIdle(watch);
    return {false, ++watch.requests};
  }
  Watch* const watch = findUnannounced(ports);
  if (watch == nullptr) {
    return {};
  }
  watch->origin = origin;
  watch->announced = true;
  watch->announcedAs = ports.key();
  watch->announcedAt = Clock::now();
  announced_.emplace(ports.key(), watch);
  lost_.erase(ports.key());
  if (protocol == Protocol::http2) {
    watch->multiplexed = true;
    multiplexed_.push_back(watch->socket);
    watch->stream.takeOver();
  }
  return {true, ++watch->requests};
}

bool SocketWatchers::lostByPeer(Ports ports) const {
  const auto open = announced_.find(ports.key());
  return open == announced_.end() ? lost_.contains(ports.key()) : sawEnd(open->second->socket);
}

SocketWatchers::Watch* SocketWatchers::findUnannounced(Ports ports) const {
  if (ports.local == 0) {
    const auto found = watches_.find(ports.remote);
    const bool isNew = found != watches_.end() && !found->second->announced;
    return isNew ? found->second.get() : nullptr;
  }
  for (const auto& [socket, watch] : watches_) {
    if (!watch->opened || watch->announced) {
      continue;
    }
    if (watch->localPort == 0) {
      watch->localPort = localPortOf(socket);
    }
    if (watch->localPort == ports.local) {
      return watch.get();
    }
  }
  return nullptr;
}

void SocketWatchers::shutDown(Ports ports) {
  if (const auto open = announced_.find(ports.key()); open != announced_.end()) {
    ::shutdown(open->second->socket, SHUT_RDWR);
  }
}

void SocketWatchers::endTurn() {
  for (StreamSocket* const stream : used_) {
    stream->endTurn();
    if (stream->blocked()) {
      auto& watch = *watches_.at(stream->socket());
      listen(watch, watch.needed());
    }
  }
  used_.clear();
}

}  // namespace dodici
