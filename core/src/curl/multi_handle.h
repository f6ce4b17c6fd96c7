// RAII over CURLM: adds and removes easy handles, runs them on socket and timer events, reports what is done.
//
// Threads: loop thread only.
// Owner:   ClientShard. Destroyed before the SocketWatchers and MultiTimer that it reports to.
#pragma once

#include "curl/multi_timer.h"
#include "curl/socket_watchers.h"
#include "dodici/options.h"

#include <curl/curl.h>

#include <exception>
#include <functional>

namespace dodici {

class EasyHandle;

class MultiHandle {
 public:
  MultiHandle(const ClientOptions& options, SocketWatchers& watchers, MultiTimer& timer);
  ~MultiHandle();

  MultiHandle(const MultiHandle&) = delete;
  MultiHandle& operator=(const MultiHandle&) = delete;

  // Both throw std::runtime_error when libcurl refuses, which is a bug of ours.
  void add(EasyHandle& easy);
  void remove(EasyHandle& easy);

  void socketAction(curl_socket_t socket, int events);
  void timeoutAction();

  // Calls onDone(easy, code) for each transfer that has ended; it may add and remove handles.
  void readDone(const std::function<void(EasyHandle&, CURLcode)>& onDone);

  // Closes the kept connections that no transfer uses.
  void closeIdleConnections();

  // Sends a PING on each HTTP/2 connection. Older ones of libcurl do not send it by the time that it counts.
  static constexpr bool kPings = LIBCURL_VERSION_NUM >= 0x081500;
  void ping();

  // Closes idle connections that are broken or shut down. libcurl looks at them once a second at most.
  void closeBrokenConnections();

 private:
  static int onSocketWanted(CURL*, curl_socket_t socket, int poll, void* self, void*) noexcept;
  static int onTimerWanted(CURLM*, long timeoutMs, void* self) noexcept;
  void rethrowParked();

  SocketWatchers& watchers_;
  MultiTimer& timer_;
  CURLM* multi_;
  std::exception_ptr thrown_;
};

}  // namespace dodici
