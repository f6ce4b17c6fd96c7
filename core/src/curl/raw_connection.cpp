#include "curl/raw_connection.h"

#include "curl/easy_handle.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

namespace dodici {

void RawConnection::setConnectOnly(EasyHandle& easy) {
  curl_easy_setopt(easy.get(), CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_FRESH_CONNECT, 1L);
  // Through an HTTP proxy by CONNECT, also for plain http: a proxy that forwards could not switch.
  curl_easy_setopt(easy.get(), CURLOPT_HTTPPROXYTUNNEL, 1L);
}

RawConnection::RawConnection(EasyHandle& easy) : handle_(easy.get()) {
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

void RawConnection::endWriting() {
  curl_tlssessioninfo* tls = nullptr;
  if (curl_easy_getinfo(handle_, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls != nullptr &&
      tls->backend == CURLSSLBACKEND_OPENSSL && tls->internals != nullptr) {
    SSL_shutdown(static_cast<SSL*>(tls->internals));
    ERR_clear_error();
  }
  ::shutdown(socket_, SHUT_WR);
}

}  // namespace dodici
