// Reads and writes the connection that libcurl made for an easy handle with CURLOPT_CONNECT_ONLY, with its TLS.
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
  // Call this before the handle goes into the multi handle.
  static void setConnectOnly(EasyHandle& easy);

  // REQUIRES: libcurl is done with the handle, which succeeded().
  explicit RawConnection(EasyHandle& easy);

  int socket() const { return socket_; }

  enum class Progress : std::uint8_t {
    moved,
    later,   // no bytes can be moved now
    failed,  // easy.result() says why
  };

  struct Moved {
    Progress progress;
    std::size_t bytes;  // reading 0 bytes means that the peer has ended
  };

  Moved read(std::span<std::byte> room);
  Moved write(std::span<const std::byte> bytes);

  // Tells the peer that no more bytes come; its own can still be read. Returns false if the socket takes no more now;
  // then call it again when the socket does.
  // REQUIRES: the bytes of all write()s were moved.
  bool endWriting();

  // Makes close send a reset and drop unsent bytes.
  void resetOnClose();
  // Turns Nagle's algorithm off or on, by which small writes wait for the acknowledgement of earlier ones.
  void setNoDelay(bool noDelay);
  // Sets the system's probes of a silent peer. A delay of 0 leaves the time of the first one unchanged.
  void setKeepAlive(bool keepsAlive, std::uint32_t delaySeconds);

 private:
  Moved moved(CURLcode code, std::size_t bytes);
  std::string closeNotify() const;

  EasyHandle& easy_;
  CURL* handle_;
  curl_socket_t socket_ = CURL_SOCKET_BAD;
  // The unsent rest of the last bytes, once endWriting() was called.
  std::optional<std::string> farewell_;
};

}  // namespace dodici
