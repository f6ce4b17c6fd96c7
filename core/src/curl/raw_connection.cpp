#include "curl/raw_connection.h"

#include "curl/easy_handle.h"
#include "platform/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

namespace dodici {

namespace {

// While this object lives, an SSL writes into memory. libcurl's own BIO only works inside libcurl's calls: outside of
// them it has no easy handle to report a socket error to, and reads through a null pointer.
class WritesToMemory {
 public:
  explicit WritesToMemory(SSL* ssl)
      : ssl_(ssl), before_(SSL_get_wbio(ssl)), memory_(BIO_new(BIO_s_mem())) {
    BIO_up_ref(before_);
    SSL_set0_wbio(ssl_, memory_);
  }

  ~WritesToMemory() { SSL_set0_wbio(ssl_, before_); }

  WritesToMemory(const WritesToMemory&) = delete;
  WritesToMemory& operator=(const WritesToMemory&) = delete;

  std::string bytes() const {
    char* start = nullptr;
    const long length = memory_ == nullptr ? 0 : BIO_get_mem_data(memory_, &start);
    return length > 0 ? std::string(start, static_cast<std::size_t>(length)) : std::string();
  }

 private:
  SSL* ssl_;
  BIO* before_;
  BIO* memory_;  // used by the SSL until its own BIO is put back
};

// libuv sets the same values together with the delay.
constexpr int kProbeIntervalSeconds = 1;
constexpr int kProbes = 10;

// As in Node, an option that the socket does not have, such as TCP's on a Unix socket, has no effect.
void setOption(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

}  // namespace

void RawConnection::setConnectOnly(EasyHandle& easy) {
  curl_easy_setopt(easy.get(), CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_FRESH_CONNECT, 1L);
  // Plain http uses CONNECT too, because a proxy that forwards could not switch.
  curl_easy_setopt(easy.get(), CURLOPT_HTTPPROXYTUNNEL, 1L);
}

RawConnection::RawConnection(EasyHandle& easy) : easy_(easy), handle_(easy.get()) {
  curl_easy_getinfo(handle_, CURLINFO_ACTIVESOCKET, &socket_);
}

RawConnection::Moved RawConnection::moved(CURLcode code, std::size_t bytes) {
  if (code == CURLE_OK) {
    return {Progress::moved, bytes};
  }
  if (code == CURLE_AGAIN) {
    return {Progress::later, 0};
  }
  easy_.setResult(code);
  return {Progress::failed, 0};
}

RawConnection::Moved RawConnection::read(std::span<std::byte> room) {
  std::size_t bytes = 0;
  const CURLcode code = curl_easy_recv(handle_, room.data(), room.size(), &bytes);
  return moved(code, bytes);
}

RawConnection::Moved RawConnection::write(std::span<const std::byte> bytes) {
  std::size_t sent = 0;
  const CURLcode code = curl_easy_send(handle_, bytes.data(), bytes.size(), &sent);
  return moved(code, sent);
}

void RawConnection::resetOnClose() {
  const linger atOnce{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
}

void RawConnection::setNoDelay(bool noDelay) {
  setOption(socket_, IPPROTO_TCP, TCP_NODELAY, noDelay ? 1 : 0);
}

void RawConnection::setKeepAlive(bool keepsAlive, std::uint32_t delaySeconds) {
  setOption(socket_, SOL_SOCKET, SO_KEEPALIVE, keepsAlive ? 1 : 0);
  if (keepsAlive && delaySeconds > 0) {
    dodici::setKeepAlive(socket_, {static_cast<int>(delaySeconds), kProbeIntervalSeconds, kProbes});
  }
}

bool RawConnection::endWriting() {
  if (!farewell_) {
    farewell_ = closeNotify();
  }
  std::string& bytes = *farewell_;
  while (!bytes.empty()) {
    const auto sent = sendQuietly(socket_, bytes.data(), bytes.size());
    if (sent >= 0) {
      bytes.erase(0, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return false;
    } else if (errno != EINTR) {
      break;  // the connection has broken; the next read() reports it
    }
  }
  bytes.clear();
  ::shutdown(socket_, SHUT_WR);
  return true;
}

// Returns close_notify as bytes for the socket; empty without TLS. Inside a proxy's TLS it is encrypted once more.
std::string RawConnection::closeNotify() const {
  SSL* const inner = easy_.tls();
  if (inner == nullptr) {
    return {};
  }
  SSL* const outer = easy_.tlsPeer().proxySession();
  std::string bytes;
  for (SSL* const ssl : {inner, outer == inner ? nullptr : outer}) {
    if (ssl != nullptr) {
      const WritesToMemory writes(ssl);
      if (!bytes.empty()) {
        SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size()));
      }
      SSL_shutdown(ssl);
      bytes = writes.bytes();
    }
  }
  ERR_clear_error();
  return bytes;
}

}  // namespace dodici
