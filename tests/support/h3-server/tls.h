// The server's certificate, and the TLS of one connection.
#pragma once

#include "options.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/ssl.h>

#include <memory>

namespace h3server {

// Threads: one. Owner: Server; outlives its sessions.
class Tls {
 public:
  // Throws std::runtime_error if the files are not there.
  explicit Tls(const Options& options);

  SSL_CTX* get() const { return context_.get(); }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
};

// Owner: Connection. `reference` finds the connection, and must outlive the session.
class TlsSession {
 public:
  TlsSession(const Tls& tls, ngtcp2_crypto_conn_ref& reference);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  void* handle() const { return handle_; }

 private:
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  ngtcp2_crypto_ossl_ctx* handle_ = nullptr;
};

}  // namespace h3server
