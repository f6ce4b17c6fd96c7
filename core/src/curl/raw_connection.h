// The connection that libcurl made for an easy handle with CURLOPT_CONNECT_ONLY: bytes in and out, TLS included.
//
// Threads: loop thread only.
// Owner:   Tunnel. The handle stays in its multi handle: libcurl closes the connection when it is taken out.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

namespace dodici {

class EasyHandle;

class RawConnection {
 public:
  // Before the handle goes into the multi handle.
  static void setConnectOnly(EasyHandle& easy);

  // REQUIRES: libcurl has said that the handle is done, with CURLE_OK.
  explicit RawConnection(EasyHandle& easy);

  curl_socket_t socket() const { return socket_; }

  // CURLE_OK: `moved` bytes, 0 when reading: the peer's end. CURLE_AGAIN: nothing can be moved now.
  struct Moved {
    CURLcode code;
    std::size_t moved;
  };

  Moved read(std::span<std::byte> room);
  Moved write(std::span<const std::byte> bytes);

  // Tells the peer that no more bytes come; what it sends can still be read. CURLE_AGAIN: the socket takes no more now,
  // and this is to be called again when it does.
  // REQUIRES: the bytes of all write()s were moved.
  CURLcode endWriting();

 private:
  std::string closeNotify() const;

  EasyHandle& easy_;
  CURL* handle_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  // What is still to be sent of it, once endWriting() was called.
  std::optional<std::string> farewell_;
};

}  // namespace dodici
