// RAII over CURLM: adds and removes easy handles, runs them on socket and timer events, reports what is done and what
// libcurl learns of its connections.
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
  // What libcurl learns of a connection; `id` is Connection::id. Called from inside libcurl: must not call it.
  class ConnectionListener {
   public:
    // It has left libcurl's pool: no transfer gets it any more.
    virtual void onConnectionRemoved(std::int64_t id) = 0;
    // Its peer allows so many streams at a time.
    virtual void onStreamLimit(std::int64_t id, std::uint32_t streams) = 0;
    // Its peer processes no stream beyond `lastStream`. `error` is the code of HTTP/2, 0 when nothing is wrong.
    virtual void onGoaway(std::int64_t id, std::uint32_t lastStream, std::uint32_t error) = 0;
    // Its HTTP/2 session is over: what is still on it gets no answer.
    virtual void onSessionEnded(std::int64_t id) = 0;

   protected:
    ~ConnectionListener() = default;
  };

  // Whether a transfer can be given the connection that it shall use, and libcurl tells what it learns of connections. An
  // older libcurl chooses by itself, and tells nothing.
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

  // Both throw std::runtime_error when libcurl refuses, which is a bug of ours.
  void add(EasyHandle& easy);
  void remove(EasyHandle& easy);

  void socketAction(curl_socket_t socket, int events);
  void timeoutAction();

  // Has libcurl read from this connection, as if its socket were ready.
  void readFrom(const Connection& connection);

  // Calls onDone(easy) for each transfer that has ended; it may add and remove handles.
  void readDone(const std::function<void(EasyHandle&)>& onDone);

  // Closes a connection that no request is on, or makes it close when the last one has left.
  void close(const Connection& connection);

  // Reads what the peer of an idle connection has to say, answers it, and closes the connection if it is of no use any more.
  void check(const Connection& connection);

  // Sends a PING. False when libcurl cannot.
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
