// RAII over CURLM: adds and removes easy handles, runs them on socket and timer events, and reports ended transfers and
// changes of connections.
//
// Threads: loop thread only.
// Owner:   ClientEngine. Destroyed before the SocketWatchers and MultiTimer that it reports to.
#pragma once

#include "connections/connection.h"
#include "curl/multi_timer.h"
#include "curl/socket_watchers.h"
#include "dodici/options.h"

#include <curl/curl.h>

#include <cstdint>
#include <exception>
#include <functional>

namespace dodici {

class EasyHandle;

class MultiHandle {
 public:
  // Learns about changes of a connection; `id` is Connection::id. Called inside libcurl, so it must not call it.
  class ConnectionListener {
   public:
    // The connection has left libcurl's pool, so no new transfer gets it.
    virtual void onConnectionRemoved(std::int64_t id) = 0;
    // The peer allows `streams` streams at a time.
    virtual void onStreamLimit(std::int64_t id, std::uint32_t streams) = 0;
    // The peer processes no stream after `lastStream`. `error` is an HTTP/2 code; 0 means no error.
    virtual void onGoaway(std::int64_t id, std::uint32_t lastStream, std::uint32_t error) = 0;
    // The HTTP/2 session has ended: transfers on it get no more of their responses.
    virtual void onSessionEnded(std::int64_t id) = 0;

   protected:
    ~ConnectionListener() = default;
  };

  // Whether we can choose a transfer's connection, and libcurl reports changes of connections. An older libcurl chooses
  // by itself and reports nothing.
#ifdef CURL_HAS_CONN_ID
  static constexpr bool kNamesConnections = true;
#else
  static constexpr bool kNamesConnections = false;
#endif

  MultiHandle(
      const ClientOptions& options,
      SocketWatchers& watchers,
      MultiTimer& timer,
      ConnectionListener& listener
  );
  ~MultiHandle();

  MultiHandle(const MultiHandle&) = delete;
  MultiHandle& operator=(const MultiHandle&) = delete;

  // Both throw std::runtime_error if libcurl refuses, which is a bug of ours.
  void add(EasyHandle& easy);
  void remove(EasyHandle& easy);

  void socketAction(curl_socket_t socket, int events);
  void timeoutAction();

  // Makes libcurl read from this connection as if its socket were ready.
  void readFrom(const Connection& connection);

  // Calls onDone(easy) for each transfer that has ended; it may add and remove handles.
  void readDone(const std::function<void(EasyHandle&)>& onDone);

  // Closes a connection without requests; another one closes when its last request has left.
  void close(const Connection& connection);

  // Reads and answers what the peer of an idle connection has sent, and closes the connection if it cannot be used any
  // more.
  void check(const Connection& connection);

  // Sends a PING. Returns false if libcurl cannot.
  bool ping(const Connection& connection);

  // Closes all connections that no transfer uses.
  void closeIdleConnections();

 private:
  static int onSocketWanted(CURL*, curl_socket_t socket, int poll, void* self, void*) noexcept;
  static int onTimerWanted(CURLM*, long timeoutMs, void* self) noexcept;
#ifdef CURL_HAS_CONN_EVENTS
  static void onConnectionEvent(
      CURLM*, curl_off_t id, int event, unsigned long value, unsigned long error, void* self
  ) noexcept;
#endif
  void rethrowParked();

  SocketWatchers& watchers_;
  MultiTimer& timer_;
  ConnectionListener& listener_;
  CURLM* multi_;
  std::exception_ptr thrown_;
};

}  // namespace dodici
