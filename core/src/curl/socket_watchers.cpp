#include "curl/socket_watchers.h"

#include "platform/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace dodici {

namespace asio = boost::asio;

namespace {

constexpr std::uint32_t kPeerEnded = SocketEvents::kPeerEnded | SocketEvents::kBroken;

using AskName = int (*)(int, sockaddr*, socklen_t*);

// Whether this end of the socket has this address and port.
bool isNamed(int socket, AskName ask, std::string_view address, int port) {
  sockaddr_storage name{};
  socklen_t length = sizeof name;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (ask(socket, reinterpret_cast<sockaddr*>(&name), &length) != 0) {
    return false;
  }
  if (name.ss_family == AF_INET) {
    const auto& ip4 = reinterpret_cast<const sockaddr_in&>(name);
    inet_ntop(AF_INET, &ip4.sin_addr, text.data(), text.size());
    return ntohs(ip4.sin_port) == port && address == text.data();
  }
  if (name.ss_family == AF_INET6) {
    const auto& ip6 = reinterpret_cast<const sockaddr_in6&>(name);
    inet_ntop(AF_INET6, &ip6.sin6_addr, text.data(), text.size());
    return ntohs(ip6.sin6_port) == port && address == text.data();
  }
  return false;
}

}  // namespace

struct SocketWatchers::Watch {
  curl_socket_t socket;
  std::uint32_t serial;          // distinguishes two sockets that had the same descriptor
  std::uint32_t wanted = 0;      // bits of SocketEvents that libcurl waits for
  std::uint32_t registered = 0;  // bits of SocketEvents in the poller; those of an idle socket stay
  bool opened = false;           // made by open(), so close() will come
  bool givenUp = false;
  std::uint32_t link = 0;  // of a given socket
  StreamSocket stream;
  OnClosed onClosed;

  Watch(curl_socket_t descriptor, std::uint32_t number, std::vector<StreamSocket*>& used)
      : socket(descriptor), serial(number), stream(descriptor, used) {}

  std::uint32_t needed() const {
    return wanted | (stream.blocked() ? SocketEvents::kWritable : 0U);
  }

  std::uint64_t key() const {
    return std::uint64_t{serial} << 32 | static_cast<std::uint32_t>(socket);
  }
};

SocketWatchers::SocketWatchers(asio::io_context& context, Listener& listener)
    : listener_(listener),
      poller_(
          context,
          [this](std::uint64_t key, std::uint32_t events) { onReady(key, events); },
          [&listener](std::exception_ptr exception) {
            listener.onWatchingFailed(std::move(exception));
          }
      ) {}

SocketWatchers::~SocketWatchers() {
  for (auto& [socket, watch] : watches_) {
    listen(*watch, 0);
    if (watch->opened) {
      ::close(socket);
    }
  }
}

SocketWatchers::Watch& SocketWatchers::add(curl_socket_t socket) {
  auto& watch = watches_[socket];
  watch = std::make_unique<Watch>(socket, nextSerial_++, used_);
  return *watch;
}

curl_socket_t SocketWatchers::open(const curl_sockaddr& address, OnClosed onClosed) {
  const int socket = newSocket(address.family, address.socktype, address.protocol);
  if (socket < 0) {
    return CURL_SOCKET_BAD;
  }
  try {
    Watch& watch = add(socket);
    watch.opened = true;
    watch.onClosed = std::move(onClosed);
  } catch (...) {
    ::close(socket);
    errno = ENOMEM;
    return CURL_SOCKET_BAD;
  }
  return socket;
}

curl_socket_t SocketWatchers::adopt(GivenSocket& given) {
  try {
    Watch& watch = add(given.descriptor());
    watch.opened = true;
    watch.link = given.link();
  } catch (...) {
    errno = ENOMEM;
    return CURL_SOCKET_BAD;
  }
  return given.release();
}

curl_socket_t SocketWatchers::findByLink(std::uint32_t link) const {
  for (const auto& [socket, watch] : watches_) {
    if (watch->link == link) {
      return socket;
    }
  }
  return CURL_SOCKET_BAD;
}

int SocketWatchers::close(curl_socket_t socket) noexcept {
  const auto found = watches_.find(socket);
  if (found != watches_.end()) {
    // libcurl's last bytes to the peer.
    found->second->stream.flush();
    listen(*found->second, 0);
    if (found->second->onClosed) {
      found->second->onClosed(socket);
    }
    watches_.erase(found);
    listener_.onSocketClosed(socket);
  }
  return ::close(socket);
}

// An idle socket stays in the poller, as its next request wants the same events.
void SocketWatchers::want(curl_socket_t socket, int poll) {
  if (poll == CURL_POLL_REMOVE) {
    const auto found = watches_.find(socket);
    if (found == watches_.end()) {
      return;
    }
    auto& watch = *found->second;
    watch.wanted = 0;
    if (!watch.opened) {
      listen(watch, 0);
      watches_.erase(found);
    }
    return;
  }
  watch(socket, (poll & CURL_POLL_IN) != 0, (poll & CURL_POLL_OUT) != 0);
}

void SocketWatchers::watch(int socket, bool reads, bool writes) {
  const auto found = watches_.find(socket);
  auto& watch = found == watches_.end() ? add(socket) : *found->second;
  watch.wanted = (reads ? SocketEvents::kReadable : 0U) | (writes ? SocketEvents::kWritable : 0U);
  listen(watch, watch.needed());
}

void SocketWatchers::reportAgain(curl_socket_t socket) {
  const auto found = watches_.find(socket);
  if (found != watches_.end() && found->second->wanted == 0) {
    listen(
        *found->second, found->second->needed() | SocketEvents::kPeerEnded | SocketEvents::kReadable
    );
  }
}

curl_socket_t SocketWatchers::findBetween(const Ends& ends) const {
  for (const auto& [socket, watch] : watches_) {
    if (watch->opened && isNamed(socket, &::getsockname, ends.localAddress, ends.localPort) &&
        isNamed(socket, &::getpeername, ends.remoteAddress, ends.remotePort)) {
      return socket;
    }
  }
  return CURL_SOCKET_BAD;
}

void SocketWatchers::settled(curl_socket_t socket) {
  if (const auto found = watches_.find(socket); found != watches_.end()) {
    found->second->onClosed = {};
  }
}

void SocketWatchers::gatherWrites(curl_socket_t socket) {
  if (const auto found = watches_.find(socket); found != watches_.end()) {
    found->second->stream.takeOver();
  }
}

void SocketWatchers::giveUp(curl_socket_t socket) {
  if (const auto found = watches_.find(socket); found != watches_.end()) {
    found->second->givenUp = true;
    ::shutdown(socket, SHUT_RDWR);
  }
}

bool SocketWatchers::isGivenUp(curl_socket_t socket) const {
  const auto found = watches_.find(socket);
  return found != watches_.end() && found->second->givenUp;
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
  if ((events & (SocketEvents::kReadable | SocketEvents::kBroken)) != 0 &&
      (watch.wanted & SocketEvents::kReadable) != 0) {
    ready |= CURL_CSELECT_IN;
  }
  if ((events & (SocketEvents::kWritable | SocketEvents::kBroken)) != 0 &&
      (watch.wanted & SocketEvents::kWritable) != 0) {
    ready |= CURL_CSELECT_OUT;
  }
  if (ready != 0) {
    listener_.onSocketReady(watch.socket, ready);
  } else {
    listen(watch, watch.needed());
  }
}

// That it is writable is ignored. Unread bytes are reported once, and the peer's end once more.
void SocketWatchers::onUnread(Watch& watch, std::uint32_t events) {
  const std::uint64_t key = watch.key();
  const bool ended = (events & kPeerEnded) != 0;
  const bool readable = (events & SocketEvents::kReadable) != 0;
  const bool isTaken = (ended || readable) && watch.opened && !watch.givenUp &&
                       listener_.onUnread(watch.socket) == Unread::taken;
  // The listener may have closed the socket.
  if (Watch* const still = find(key); still != nullptr && still->wanted == 0) {
    const std::uint32_t more = ended ? 0U
                               : readable && !isTaken
                                   ? SocketEvents::kPeerEnded
                                   : SocketEvents::kPeerEnded | SocketEvents::kReadable;
    listen(*still, still->needed() | (still->opened ? more : 0U));
  }
}

SocketWatchers::Watch* SocketWatchers::find(std::uint64_t key) const {
  const auto found = watches_.find(static_cast<curl_socket_t>(key & 0xFFFF'FFFFU));
  return found == watches_.end() || found->second->key() != key ? nullptr : found->second.get();
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
