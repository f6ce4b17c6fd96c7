#include "curl/raw_connection.h"

#include "curl/easy_handle.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>

namespace dodici {

namespace {

// While it stands, what an SSL writes goes into memory. libcurl's own BIO works only inside of libcurl's calls: outside,
// it has no easy handle to report an error of the socket to, and reads through a null pointer.
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
  BIO* memory_;  // the SSL's, until it gets the one before back
};

}  // namespace

void RawConnection::setConnectOnly(EasyHandle& easy) {
  curl_easy_setopt(easy.get(), CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_FRESH_CONNECT, 1L);
  // Through an HTTP proxy by CONNECT, also for plain http: a proxy that forwards could not switch.
  curl_easy_setopt(easy.get(), CURLOPT_HTTPPROXYTUNNEL, 1L);
}

RawConnection::RawConnection(EasyHandle& easy) : easy_(easy), handle_(easy.get()) {
  curl_easy_getinfo(handle_, CURLINFO_ACTIVESOCKET, &socket_);
}

RawConnection::Moved RawConnection::read(std::span<std::byte> room) {
  std::size_t moved = 0;
  const CURLcode code = curl_easy_recv(handle_, room.data(), room.size(), &moved);
  return {code, moved};
}

RawConnection::Moved RawConnection::write(std::span<const std::byte> bytes) {
  std::size_t moved = 0;
  const CURLcode code = curl_easy_send(handle_, bytes.data(), bytes.size(), &moved);
  return {code, moved};
}

CURLcode RawConnection::endWriting() {
  if (!farewell_) {
    farewell_ = closeNotify();
  }
  std::string& bytes = *farewell_;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.erase(0, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return CURLE_AGAIN;
    } else if (errno != EINTR) {
      break;  // the connection is broken, which the next read() tells
    }
  }
  bytes.clear();
  ::shutdown(socket_, SHUT_WR);
  return CURLE_OK;
}

// As records for the socket; empty without TLS. Inside of a proxy's TLS that of the origin is wrapped once more.
std::string RawConnection::closeNotify() const {
  curl_tlssessioninfo* tls = nullptr;
  if (curl_easy_getinfo(handle_, CURLINFO_TLS_SSL_PTR, &tls) != CURLE_OK || tls == nullptr ||
      tls->backend != CURLSSLBACKEND_OPENSSL || tls->internals == nullptr) {
    return {};
  }
  SSL* const inner = static_cast<SSL*>(tls->internals);
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
