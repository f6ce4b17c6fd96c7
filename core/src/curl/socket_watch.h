// One socket as SocketWatchers knows it.
//
// Threads: loop thread only.
// Owner:   SocketWatchers.
#pragma once

#include "curl/socket_watchers.h"

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dodici {

struct SocketWatchers::Watch {
  curl_socket_t socket;
  std::uint32_t serial;          // tells apart two sockets that had the same number
  std::uint32_t wanted = 0;      // EPOLL* bits that libcurl waits for
  std::uint32_t registered = 0;  // and those in the poller: what is idle stays as it was
  std::string origin;            // not empty: announced as connected, and not yet as disconnected
  bool announced = false;
  std::uint32_t announcedAs = 0;
  Clock::time_point announcedAt;
  bool multiplexed = false;
  std::chrono::milliseconds keepFor;
  bool suspected = false;
  Errc endCode = Errc::notKept;  // why it ends
  std::uint32_t endDetail = 0;
  bool gone = false;                         // given up; libcurl has not closed it yet
  std::optional<Clock::time_point> askedAt;  // by a PING, whether its peer is still there
  std::uint32_t requests = 0;
  int localPort = 0;                           // asked for once it is bound
  std::optional<Clock::time_point> idleSince;  // libcurl lost interest
  bool opened = false;                         // by open(), so close() will come
  StreamSocket stream;

  Watch(
      curl_socket_t descriptor,
      std::uint32_t number,
      std::chrono::milliseconds keep,
      std::vector<StreamSocket*>& used
  )
      : socket(descriptor), serial(number), keepFor(keep), stream(descriptor, used) {}

  std::uint32_t needed() const { return wanted | (stream.blocked() ? EPOLLOUT : 0U); }

  std::uint64_t key() const {
    return std::uint64_t{serial} << 32 | static_cast<std::uint32_t>(socket);
  }
};

}  // namespace dodici
