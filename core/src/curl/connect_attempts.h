// The attempts to connect a transfer: the order of the addresses, and how each attempt ended.
//
// libcurl tries IPv6 first and then the families in turns, and reports only one attempt's outcome. Node tries the
// addresses in the order in which they were found, and reports each. libcurl lets the function that opens its sockets
// change the address.
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
  // Call this before each transfer.
  void clear();

  // Sets the addresses, "1.2.3.4,[::1]", which libcurl was given too. If they are empty, libcurl chooses.
  void setDestinations(std::string_view addresses, std::string_view port);

  // Replaces libcurl's address by the next one in our order.
  void choose(curl_sockaddr& address) const;

  // An attempt begins. `error` is why it has no socket, if it has none.
  void add(const curl_sockaddr& address, curl_socket_t socket, int error);

  // libcurl is closing the socket because of `error`, or because another attempt connected first.
  void onClosed(curl_socket_t socket, int error) noexcept;

  // Why the last attempt has no socket; 0 if it has one, or if there was no attempt.
  int openErrno() const;

  // Whether there were several attempts.
  bool several() const { return attempts_.size() > 1; }

  // "address port" of the last attempt; empty if there was none, or if it was to a Unix socket.
  std::string last() const;

  // A line "address port errno" for each failed attempt, in the order of failure, and then "address port" for each
  // other.
  std::string all() const;

  // Calls visit(socket) for each attempt whose socket is still open, and forgets the socket.
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
    bool opened = false;  // had a socket, which may be closed by now
    int error = 0;
    std::size_t failedAs = 0;  // 1 for the attempt that failed first
  };

  std::vector<sockaddr_storage> destinations_;
  std::vector<Attempt> attempts_;
  std::size_t failed_ = 0;
};

// Whether `host` is an IP address, without brackets.
bool isIpAddress(std::string_view host);

}  // namespace dodici
