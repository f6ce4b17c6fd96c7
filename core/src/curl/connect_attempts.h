// The addresses that a transfer's connection is tried with: in which order, and how each attempt ended.
//
// libcurl tries IPv6 first, and then families in turns; it tells the outcome of one attempt only. Node tries the addresses in
// the order in which they were found, and tells of each. libcurl lets the one who opens its sockets choose where they lead.
//
// Threads: loop thread only.
// Owner:   EasyHandle.
#pragma once

#include <curl/curl.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dodici {

class ConnectAttempts {
 public:
  // Before each transfer.
  void clear();

  // "1.2.3.4,[::1]": libcurl was given the same ones. Empty: they are libcurl's to choose.
  void setDestinations(std::string_view addresses, std::string_view port);

  // The next attempt leads to the next destination, wherever libcurl wanted it to.
  void choose(curl_sockaddr& address) const;

  // An attempt begins; `error` says why there is no socket for it.
  void add(const curl_sockaddr& address, curl_socket_t socket, int error);

  // libcurl closes the socket, for this reason unless another attempt was the first to connect.
  void onClosed(curl_socket_t socket, int error) noexcept;

  // Why the last attempt has no socket; 0 when it has one, or there was no attempt.
  int openErrno() const;

  // There were several.
  bool several() const { return attempts_.size() > 1; }

  // "address port" of the last attempt; empty when there was none, or it was to a Unix socket.
  std::string last() const;

  // "address port errno", a line for each that has failed, in the order in which they did; and "address port" for the others.
  std::string all() const;

  // Calls visit(socket) for each attempt whose socket is not closed, and forgets it.
  template <typename F>
  void releaseSockets(F&& visit) {
    for (Attempt& attempt : attempts_) {
      if (attempt.socket != CURL_SOCKET_BAD) {
        visit(attempt.socket);
        attempt.socket = CURL_SOCKET_BAD;
      }
    }
  }

 private:
  struct Attempt {
    sockaddr_storage address{};
    curl_socket_t socket = CURL_SOCKET_BAD;
    bool opened = false;  // had a socket, which may be closed
    int error = 0;
    std::size_t failedAs = 0;  // 1 for the first that failed
  };

  std::vector<sockaddr_storage> destinations_;
  std::vector<Attempt> attempts_;
  std::size_t failed_ = 0;
};

// Whether it is one, without brackets.
bool isIpAddress(std::string_view host);

}  // namespace dodici
