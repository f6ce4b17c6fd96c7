// CURLMOPT_SOCKETFUNCTION on sockets that stay registered as long as they are open.
//
// libcurl says CURL_POLL_REMOVE after each response on a kept connection: that means idle, not closing. So the
// descriptor stays until CURLOPT_CLOSESOCKETFUNCTION; a request then costs no registration. The resolver's and the
// wake-up descriptors come and go without OPEN- and CLOSESOCKETFUNCTION: those are dropped on CURL_POLL_REMOVE.
//
// Threads: loop thread only.
// Owner:   ClientEngine. Must outlive the multi handle, which closes its sockets through it.
#pragma once

#include "connections/given_socket.h"
#include "curl/socket_poller.h"
#include "curl/stream_socket.h"

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
  // Addresses and ports of a connection; the kernel has no other one with the same four. Without ports: a Unix socket's.
  struct Ends {
    std::string_view localAddress;
    std::string_view remoteAddress;
    int localPort = 0;
    int remotePort = 0;
  };

  enum class Unread : std::uint8_t {
    taken,  // what came has been read: tell of more
    left,   // it waits until libcurl wants the socket again
  };

  class Listener {
   public:
    // `events` are for MultiHandle::socketAction(). Not called from inside a libcurl callback.
    virtual void onSocketReady(int socket, int events) = 0;
    // Bytes, or the peer's end, have come on a socket that libcurl does not read: its connection is idle, or its transfer
    // pauses. Not called from inside a libcurl callback.
    virtual Unread onUnread(int socket) = 0;
    // libcurl closes the socket. Called from inside a libcurl callback: must not throw.
    virtual void onSocketClosed(int socket) noexcept = 0;

    // No socket can be watched any more.
    virtual void onWatchingFailed(std::exception_ptr exception) = 0;

   protected:
    ~Listener() = default;
  };

  SocketWatchers(boost::asio::io_context& context, Listener& listener);
  ~SocketWatchers();

  SocketWatchers(const SocketWatchers&) = delete;
  SocketWatchers& operator=(const SocketWatchers&) = delete;

  // The three callbacks of libcurl. open() returns CURL_SOCKET_BAD with errno set when there is no socket to be had.
  // `onClosed` runs before the socket is closed, from inside a callback, unless settled() was called before.
  using OnClosed = std::function<void(curl_socket_t)>;
  curl_socket_t open(const curl_sockaddr& address, OnClosed onClosed = {});
  // The same with one that is connected already.
  curl_socket_t adopt(GivenSocket& given);
  int close(curl_socket_t socket) noexcept;
  void want(curl_socket_t socket, int poll);

  // The same as want(), for a socket that we read and write ourselves.
  void watch(int socket, bool reads, bool writes);

  // The open socket between these two ends, as libcurl writes them; CURL_SOCKET_BAD when there is none. For a libcurl that
  // does not tell the socket of a transfer: it asks the system about each.
  curl_socket_t findBetween(const Ends& ends) const;

  // The socket has connected, or nobody cares any more.
  void settled(curl_socket_t socket);

  // The given socket with this name; CURL_SOCKET_BAD when there is none.
  curl_socket_t findByLink(std::uint32_t link) const;

  // The small writes of this socket, which carries many streams, are gathered.
  void gatherWrites(curl_socket_t socket);

  // Ends the connection behind libcurl's back, for one that cannot be told to: it then refuses to be used again.
  void giveUp(curl_socket_t socket);
  bool isGivenUp(curl_socket_t socket) const;

  // The end of a turn: sends what the sockets have gathered.
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
