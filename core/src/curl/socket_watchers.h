// Implements CURLMOPT_SOCKETFUNCTION with sockets that stay registered while they are open.
//
// libcurl reports CURL_POLL_REMOVE after each response on a kept connection, which means idle, not closing. So the
// descriptor stays registered until CURLOPT_CLOSESOCKETFUNCTION, and a request costs no registration. The descriptors
// of the resolver and of wake-ups have no OPEN- and CLOSESOCKETFUNCTION calls; they are dropped at CURL_POLL_REMOVE.
//
// Threads: loop thread only.
// Owner:   ClientEngine. Must outlive the multi handle, which closes its sockets through it.
#pragma once

#include "connections/given_socket.h"
#include "curl/stream_socket.h"
#include "platform/socket_poller.h"

#include <boost/asio/io_context.hpp>
#include <curl/curl.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace dodici {

class SocketWatchers {
 public:
  // Addresses and ports of a connection; all four together are unique. Without ports it is a Unix socket's.
  struct Ends {
    std::string_view localAddress;
    std::string_view remoteAddress;
    int localPort = 0;
    int remotePort = 0;
  };

  enum class Unread : std::uint8_t {
    taken,  // the bytes were read: report the next ones
    left,   // the bytes wait until libcurl wants the socket again
  };

  class Listener {
   public:
    // `events` are for MultiHandle::socketAction(). Not called inside a libcurl callback.
    virtual void onSocketReady(int socket, int events) = 0;
    // Bytes, or the peer's end, have come on a socket that libcurl does not read, because its connection is idle or its
    // transfer is paused. Not called inside a libcurl callback.
    virtual Unread onUnread(int socket) = 0;
    // libcurl is closing the socket. Called inside a libcurl callback; must not throw.
    virtual void onSocketClosed(int socket) noexcept = 0;

    // Sockets can no longer be watched.
    virtual void onWatchingFailed(std::exception_ptr exception) = 0;

   protected:
    ~Listener() = default;
  };

  SocketWatchers(boost::asio::io_context& context, Listener& listener);
  ~SocketWatchers();

  SocketWatchers(const SocketWatchers&) = delete;
  SocketWatchers& operator=(const SocketWatchers&) = delete;

  // The three callbacks of libcurl. open() returns CURL_SOCKET_BAD and sets errno if it gets no socket. `onClosed` is
  // called inside a callback before the socket is closed, unless settled() was called before.
  using OnClosed = std::function<void(curl_socket_t)>;
  curl_socket_t open(const curl_sockaddr& address, OnClosed onClosed = {});
  // The same with a socket that is already connected.
  curl_socket_t adopt(GivenSocket& given);
  int close(curl_socket_t socket) noexcept;
  void want(curl_socket_t socket, int poll);

  // The same as want(), for a socket that we read and write ourselves.
  void watch(int socket, bool reads, bool writes);

  // What comes on this socket while libcurl does not read it is reported again, although some was left before. Does
  // nothing if the socket is not open.
  void reportAgain(curl_socket_t socket);

  // Returns the open socket between these two ends, which are written as by libcurl, or CURL_SOCKET_BAD. For a libcurl
  // that does not give a transfer's socket. Asks the system about each socket.
  curl_socket_t findBetween(const Ends& ends) const;

  // The socket has connected, or its attempt no longer matters.
  void settled(curl_socket_t socket);

  // The given socket with this name, or CURL_SOCKET_BAD.
  curl_socket_t findByLink(std::uint32_t link) const;

  // Gathers small writes of this socket, which carries many streams.
  void gatherWrites(curl_socket_t socket);

  // Ends a connection that an older libcurl cannot be told to close; libcurl then no longer uses it.
  void giveUp(curl_socket_t socket);
  bool isGivenUp(curl_socket_t socket) const;

  // Call this at the end of a turn: sends what the sockets have gathered.
  void endTurn();

 private:
  struct Watch;

  Watch& add(curl_socket_t socket);
  void listen(Watch& watch, std::uint32_t events);
  void onReady(std::uint64_t key, std::uint32_t events);
  void onUnread(Watch& watch, std::uint32_t events);
  Watch* find(std::uint64_t key) const;

  Listener& listener_;
  SocketPoller poller_;
  std::vector<StreamSocket*> used_;
  std::unordered_map<curl_socket_t, std::unique_ptr<Watch>> watches_;
  std::uint32_t nextSerial_ = 0;
};

}  // namespace dodici
