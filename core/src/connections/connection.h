// What we know of one connection of libcurl's. It is known by libcurl's own id and by its descriptor, never by its ports.
//
// Threads: loop thread only.
// Owner:   Connections. OriginQueue changes `state`, `inUse` and the limit of streams; whoever learns another fact writes it.
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
    draining,    // takes no more requests; those that are on it go on
    closed,      // libcurl has let go of it, or is told to
  };

  static constexpr std::int64_t kNoId = -1;
  static constexpr int kNoSocket = -1;

  explicit Connection(std::uint64_t number) : serial(number) {}

  // Tells apart all connections that there have been.
  const std::uint64_t serial;
  // libcurl's CURLINFO_CONN_ID and the descriptor; none while it connects. An older libcurl tells no id.
  std::int64_t id = kNoId;
  int socket = kNoSocket;

  // The embedder's name for a given socket; 0: libcurl has made the connection.
  std::uint32_t link = 0;
  bool isCutOff = false;  // its peer had more to send than has come

  State state = State::connecting;
  Protocol protocol = Protocol::unknown;
  // How many streams the peer allows at a time: by its SETTINGS, and one before they have come. HTTP/1.1: one.
  std::uint32_t peerStreams = 1;
  bool settingsSeen = false;
  std::uint32_t inUse = 0;       // requests that have a place on it
  std::uint32_t requests = 0;    // that have been sent on it
  std::uint32_t answered = 0;    // of those, how many got a response head
  std::uint32_t goawayLast = 0;  // the last stream that its GOAWAY says is processed

  // Whether its peer, and the proxy in front of it, had to show a good certificate.
  bool verified = true;
  bool proxyVerified = true;

  Clock::time_point openedAt{};
  Clock::time_point idleSince{};              // while `inUse` is 0
  std::chrono::milliseconds keepFor{0};       // it may be idle for so long
  std::optional<Clock::time_point> nextPing;  // of the client's pingInterval
  std::optional<Clock::time_point> askedAt;   // a PING went out, and nothing has come since

  // Everything that is on it fails: the peer has said so, or has broken the protocol.
  std::optional<Error> broken;

  // Why it ended, as its end is told.
  Errc endCode = Errc::notKept;
  std::uint32_t endDetail = 0;
  // The origin that it was announced for as connected; empty: it was not, or its end has been told.
  std::string announcedFor;

  // OriginQueue's.
  Origin* origin = nullptr;
  bool roomy = false;  // it is among its origin's connections with room
  boost::intrusive::list_member_hook<> originHook;

  bool usable() const { return state == State::open; }

  bool isIdle() const { return inUse == 0 && (state == State::open || state == State::draining); }
};

}  // namespace dodici
