// SocketWatchers' part on connections that nobody reads: how long they are kept, and which of them are no good any more.
#include "curl/socket_watch.h"
#include "curl/socket_watchers.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace dodici {

namespace {

// Why an idle connection cannot serve a request: closed by the peer, or with bytes that nobody asked for, which would be
// taken for the answer. An idle HTTP/2 connection may have frames to be read.
struct Fault {
  Errc code;
  std::uint32_t detail;
};

std::optional<Fault> faultOf(curl_socket_t socket, bool multiplexed) {
  pollfd poll{socket, POLLIN | POLLRDHUP, 0};
  if (::poll(&poll, 1, 0) <= 0) {
    return std::nullopt;
  }
  int error = 0;
  socklen_t length = sizeof error;
  if ((poll.revents & POLLERR) != 0 &&
      ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0) {
    return Fault{Errc::socketError, static_cast<std::uint32_t>(error)};
  }
  if ((poll.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) {
    return Fault{Errc::socketClosed, 0};
  }
  return multiplexed ? std::nullopt : std::optional(Fault{Errc::unaskedBytes, 0});
}

constexpr std::uint32_t kPeerEnded = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

}  // namespace

// Nobody reads it now: the peer of an idle connection has closed it or says something, or a paused transfer has more to
// come. Each of the two is looked at once; that it can be written to means nothing.
void SocketWatchers::onUnread(Watch& watch, std::uint32_t events) {
  const bool ended = (events & kPeerEnded) != 0;
  const bool readable = (events & EPOLLIN) != 0;
  if (!watch.announced || watch.gone) {
    listen(watch, watch.needed());
    return;
  }
  const std::uint32_t more = ended ? 0U : readable ? EPOLLRDHUP : EPOLLRDHUP | EPOLLIN;
  listen(watch, watch.needed() | more);
  if (ended || readable) {
    suspect(watch);
    listener_.onSuspect();
  }
}

// What counts as idle has been so since now only.
void SocketWatchers::restartIdle(Watch& watch) {
  if (watch.idleSince) {
    watch.idleSince = Clock::now();
    nextIdleCheck_ = std::min(nextIdleCheck_, *watch.idleSince + watch.keepFor);
  }
}

void SocketWatchers::suspect(Watch& watch) {
  if (!watch.suspected) {
    watch.suspected = true;
    suspects_.push_back(watch.key());
  }
}

bool SocketWatchers::refuses(Ports ports) const {
  const auto ttl = options_.clientTtl;
  if (goneCount_ == 0 && ttl.count() == 0) {
    return false;
  }
  const auto known = announced_.find(ports.key());
  if (known == announced_.end()) {
    return false;
  }
  const Watch& watch = *known->second;
  return watch.gone ||
         (ttl.count() > 0 && !watch.multiplexed && Clock::now() - watch.announcedAt > ttl);
}

void SocketWatchers::keepFor(Ports ports, std::chrono::milliseconds time) {
  if (const auto known = announced_.find(ports.key()); known != announced_.end()) {
    known->second->keepFor = time;
    restartIdle(*known->second);
  }
}

void SocketWatchers::suspectIdle(Clock::time_point now) {
  nextIdleCheck_ = Clock::time_point::max();
  for (const auto& [socket, watch] : watches_) {
    if (!watch->opened || !watch->idleSince || watch->gone) {
      continue;
    }
    if (const auto due = *watch->idleSince + watch->keepFor; due > now) {
      nextIdleCheck_ = std::min(nextIdleCheck_, due);
    } else {
      suspect(*watch);
    }
  }
}

void SocketWatchers::judge(const std::unordered_set<std::uint32_t>& inUse, Clock::time_point now) {
  std::erase_if(suspects_, [&](std::uint64_t key) {
    Watch* const watch = find(key);
    if (watch == nullptr) {
      return true;
    }
    if (inUse.contains(watch->announcedAs)) {
      return false;
    }
    watch->suspected = false;
    if (!watch->idleSince || watch->gone) {
      return true;
    }
    if (const auto fault = faultOf(watch->socket, watch->multiplexed)) {
      giveUp(*watch, fault->code, fault->detail);
    } else if (now >= *watch->idleSince + watch->keepFor) {
      giveUp(*watch, Errc::idleTimeout);
    }
    return true;
  });
}

void SocketWatchers::acquit() {
  for (const std::uint64_t key : std::exchange(suspects_, {})) {
    Watch* const watch = find(key);
    if (watch != nullptr) {
      watch->suspected = false;
      restartIdle(*watch);
    }
  }
}

void SocketWatchers::giveUp(Watch& watch, Errc code, std::uint32_t detail) {
  watch.gone = true;
  ++goneCount_;
  ::shutdown(watch.socket, SHUT_RDWR);
  watch.endCode = code;
  watch.endDetail = detail;
  end(watch);
}

bool SocketWatchers::keepsIdle() const {
  return std::any_of(watches_.begin(), watches_.end(), [](const auto& entry) {
    const Watch& watch = *entry.second;
    return watch.opened && watch.idleSince && !watch.gone;
  });
}

}  // namespace dodici
