// CURLMOPT_SOCKETFUNCTION on sockets that stay registered as long as they are open.
//
// libcurl says CURL_POLL_REMOVE after each response on a kept connection: that means idle, not closing. So the
// descriptor stays until CURLOPT_CLOSESOCKETFUNCTION; a request then costs no registration. The resolver's and the
// wake-up descriptors come and go without OPEN- and CLOSESOCKETFUNCTION: those are dropped on CURL_POLL_REMOVE.
//
// Threads: loop thread only.
// Owner:   ClientShard. Must outlive the multi handle, which closes its sockets through it.
#pragma once

#include "curl/socket_poller.h"
#include "curl/stream_socket.h"
#include "dodici/error.h"
#include "dodici/options.h"
#include "connections/origin_queue.h"

#include <boost/asio/io_context.hpp>
#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace dodici {

// Both ends of a connection: what tells it apart. A Unix socket has no ports; there it is 0 and the descriptor.
struct Ports {
  int local = 0;
  int remote = 0;

  std::uint32_t key() const {
    return static_cast<std::uint32_t>(local) << 16 | static_cast<std::uint32_t>(remote);
  }
};

class SocketWatchers {
 public:
  using Clock = std::chrono::steady_clock;

  class Listener {
   public:
    // `events` are CURL_CSELECT_* bits. Not called from inside a libcurl callback.
    virtual void onSocketReady(curl_socket_t socket, int events) = 0;
    // A socket that was announced is closed, or given up. Called by tellEndings() and the destructor.
    virtual void onDisconnected(const std::string& origin, Errc code, std::uint32_t detail) = 0;
    // There is something to judge().
    virtual void onSuspect() = 0;

   protected:
    ~Listener() = default;
  };

  // `options` are those of the client, and outlive this.
  SocketWatchers(
      boost::asio::io_context& context, Listener& listener, const ClientOptions& options
  );
  ~SocketWatchers();

  SocketWatchers(const SocketWatchers&) = delete;
  SocketWatchers& operator=(const SocketWatchers&) = delete;

  // The three callbacks of libcurl. open() returns CURL_SOCKET_BAD with errno set when there is no socket to be had.
  curl_socket_t open(const curl_sockaddr& address);
  int close(curl_socket_t socket);
  void want(curl_socket_t socket, int poll);

  // A request is about to be sent from this local to this remote port. libcurl does not tell the socket, hence the
  // ports. The first request on a connection announces it: its origin is then remembered for onDisconnected().
  struct Use {
    bool announced = false;
    std::uint32_t requests =
        0;  // on this connection so far, this one included; 0: the connection is not known
  };

  Use noteRequest(std::string_view origin, Protocol protocol, Ports ports);

  // Whether the connection between these ports, which libcurl has picked for a request, is not to be used: its peer has
  // closed it, it has been idle for too long, or it is older than clientTtl. libcurl looks at a connection before it
  // uses it again only when it has not done so for a second.
  bool refuses(Ports ports) const;

  // How long the connection between these ports may be idle after this response: what its server said. The next request
  // makes it keepAliveTimeout again.
  void keepFor(Ports ports, std::chrono::milliseconds time);

  // A request failed with this on the connection between these ports, or the connection with it.
  void noteFailure(Ports ports, const Error& error);

  // Tells the listener which connections have ended since the last time. Late, so that the requests that failed with them
  // have been told before.
  void tellEndings();

  // The open HTTP/2 connections.
  const std::vector<curl_socket_t>& multiplexed() const { return multiplexed_; }

  // Whether the peer has closed the HTTP/2 connection between these ports, or it broke.
  bool lostByPeer(Ports ports) const;

  // Shuts down the connection between these ports: libcurl will not use it again, and its transfers see the end.
  void shutDown(Ports ports);

  // A request on the HTTP/2 connection between these ports goes without an answer. True when nothing at all has come on
  // it for a while: then the caller sends a PING, and endSilent() shuts it down if nothing comes after that either.
  bool doubts(Ports ports, Clock::time_point now);
  void endSilent(Clock::time_point now);

  // When suspectIdle() has something to do, at the earliest; max() when nothing is idle.
  Clock::time_point nextIdleCheck() const { return nextIdleCheck_; }

  // Connections that have been idle for too long become suspects, as do by themselves those at which something happens
  // while nobody reads them.
  void suspectIdle(Clock::time_point now);

  bool hasSuspects() const { return !suspects_.empty(); }

  // Gives up the suspects that are idle indeed: shuts them down, lets tellEndings() tell of them, and refuses them to
  // requests. `inUse` are the ports of those that a transfer is on: it may be about to end, or only pause. acquit() lets
  // the latter go.
  void judge(const std::unordered_set<std::uint32_t>& inUse, Clock::time_point now);
  void acquit();

  // Connections given up that libcurl has still to close.
  std::size_t goneCount() const { return goneCount_; }

  // Connections that libcurl may use again.
  bool keepsIdle() const;

  // The end of a turn: sends what the connections have gathered.
  void endTurn();

  std::size_t openCount() const { return openCount_; }

 private:
  struct Watch;

  struct Ending {
    std::string origin;
    std::uint32_t ports;
    Errc code;
    std::uint32_t detail;
  };

  Watch& add(curl_socket_t socket);
  void listen(Watch& watch, std::uint32_t events);
  void onReady(std::uint64_t key, std::uint32_t events);
  void onUnread(Watch& watch, std::uint32_t events);
  void restartIdle(Watch& watch);
  void suspect(Watch& watch);
  void giveUp(Watch& watch, Errc code, std::uint32_t detail = 0);
  void end(Watch& watch);
  Watch* find(std::uint64_t key) const;
  Watch* findUnannounced(Ports ports) const;

  Listener& listener_;
  const ClientOptions& options_;
  SocketPoller poller_;
  std::vector<StreamSocket*> used_;
  std::unordered_map<curl_socket_t, std::unique_ptr<Watch>> watches_;
  std::unordered_map<std::uint32_t, Watch*> announced_;  // by both ports
  std::vector<curl_socket_t> multiplexed_;
  std::unordered_set<std::uint32_t>
      lost_;  // ports of HTTP/2 connections, until they are used again
  std::vector<std::uint64_t> suspects_;
  std::vector<Ending> endings_;  // not told yet
  Clock::time_point nextIdleCheck_ = Clock::time_point::max();
  std::size_t goneCount_ = 0;
  std::uint32_t nextSerial_ = 0;
  std::size_t openCount_ = 0;
};

}  // namespace dodici
