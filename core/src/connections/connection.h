// What we know about one connection of libcurl. It is found by libcurl's own id and by its descriptor, never by its
// ports.
//
// Threads: loop thread only.
// Owner:   Connections. OriginQueue changes `state`, `inUse` and `peerStreams`; the code that learns another fact
//          writes it.
#pragma once

#include "connections/protocol.h"
#include "dodici/error.h"

#include <boost/intrusive/list_hook.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dodici {

struct Origin;

struct Connection {
  using Clock = std::chrono::steady_clock;

  enum class State : std::uint8_t {
    connecting,  // libcurl makes it for one request
    open,        // takes requests
    draining,    // takes no more requests; those on it go on
    closed,      // libcurl has let go of it, or was told to
  };

  static constexpr std::int64_t kNoId = -1;
  static constexpr int kNoSocket = -1;

  explicit Connection(std::uint64_t number) : serial(number) {}

  // Distinguishes all connections that have ever been made.
  const std::uint64_t serial;
  // libcurl's CURLINFO_CONN_ID and the descriptor; unknown while it connects. An older libcurl has no such id.
  std::int64_t id = kNoId;
  int socket = kNoSocket;

  // The embedder's name for a given socket; 0 if libcurl has made the connection.
  std::uint32_t link = 0;
  bool isCutOff = false;  // the connection broke before the peer's data was complete

  State state = State::connecting;
  Protocol protocol = Protocol::unknown;
  // How many streams the peer allows at a time: what its SETTINGS say, and 1 before they have come. 1 for HTTP/1.1.
  std::uint32_t peerStreams = 1;
  bool settingsSeen = false;
  std::uint32_t inUse = 0;       // requests that have a place on it
  std::uint32_t requests = 0;    // requests that were sent on it
  std::uint32_t answered = 0;    // how many of those got a response head
  std::uint32_t goawayLast = 0;  // the last stream that its GOAWAY names as processed

  // Whether the certificates of its peer and of its proxy were verified.
  bool verified = true;
  bool proxyVerified = true;

  Clock::time_point openedAt{};
  Clock::time_point idleSince{};              // while `inUse` is 0
  std::chrono::milliseconds keepFor{0};       // how long it may be idle
  std::optional<Clock::time_point> nextPing;  // by the client's pingInterval
  std::optional<Clock::time_point> askedAt;   // when a PING was sent, after which nothing has come

  // Something has come from the peer that libcurl does not read, while requests were on the connection.
  bool isUnread = false;

  // If set, all requests on it fail: the peer has said so, or has broken the protocol.
  std::optional<Error> broken;

  // Why it ended, for the report of its end.
  Errc endCode = Errc::notKept;
  std::uint32_t endDetail = 0;
  // The origin for which it was reported as connected; empty if it was not, or if its end was reported.
  std::string announcedFor;

  // Used by OriginQueue only.
  Origin* origin = nullptr;
  bool roomy = false;  // whether it is in its origin's list `roomy`
  boost::intrusive::list_member_hook<> originHook;

  bool usable() const { return state == State::open; }

  // Its peer takes no request now, and may take some later (RFC 9113, 5.1.2).
  bool allowsNoStream() const {
    return protocol == Protocol::http2 && settingsSeen && peerStreams == 0;
  }

  bool isIdle() const { return inUse == 0 && (state == State::open || state == State::draining); }
};

}  // namespace dodici
