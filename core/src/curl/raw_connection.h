// The connection that libcurl made for an easy handle with CURLOPT_CONNECT_ONLY: bytes in and out, TLS included.
//
// Threads: loop thread only.
// Owner:   Tunnel. The handle stays in its multi handle: libcurl closes the connection when it is taken out.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace dodici {

class EasyHandle;

class RawConnection {
 public:
  // Before the handle goes into the multi handle.
  static void setConnectOnly(EasyHandle& easy);

  // REQUIRES: libcurl is done with the handle, which succeeded().
  explicit RawConnection(EasyHandle& easy);

  int socket() const { return socket_; }

  enum class Progress : std::uint8_t {
    moved,
    later,   // nothing can be moved now
    failed,  // easy.result() says why
  };

  struct Moved {
    Progress progress;
    std::size_t bytes;  // 0 when reading: the peer's end
  };

  Moved read(std::span<std::byte> room);
  Moved write(std::span<const std::byte> bytes);

  // Tells the peer that no more bytes come; what it sends can still be read. False: the socket takes no more now, and this
  // is to be called again when it does.
  // REQUIRES: the bytes of all write()s were moved.
  bool endWriting();

  // Closing it sends a reset, and drops what was not sent.
  void resetOnClose();
  // Whether small writes wait for the answer to those before them (Nagle's algorithm).
  void setNoDelay(bool noDelay);
  // The system's probes of a silent peer. Delay 0: the first one comes after the system's default.
  void setKeepAlive(bool keepsAlive, std::uint32_t delaySeconds);

 private:
  Moved moved(CURLcode code, std::size_t bytes);
  std::string closeNotify() const;

  EasyHandle& easy_;
  CURL* handle_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  // What is still to be sent of it, once endWriting() was called.
  std::optional<std::string> farewell_;
};

}  // namespace dodici
