// What the peer's certificate was found to lack in a handshake: libcurl only says that it failed.
//
// Threads: loop thread only.
// Owner:   EasyHandle; the handshakes of its transfer report here.
#pragma once

#include "curl/tls_handles.h"

#include <string>
#include <vector>

namespace dodici {

class TlsPeer {
 public:
  TlsPeer() = default;
  ~TlsPeer();

  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  // Handshakes of this context report here, until reset(). What is wrong with the peer still refuses it,
  // after the handshake.
  void watch(SSL_CTX* context);

  // Forgets what it has seen, and is told no more: a connection may outlive the transfer that made it, and shake hands
  // again.
  void reset();

  // X509_V_ERR_* as Node reports it, 0 when nothing was found wrong.
  long verifyError() const { return verifyError_; }

  // That of the connection to an HTTPS proxy, null without one. It lives as long as that connection.
  SSL* proxySession() const { return proxySession_; }

  // The certificate's subjectAltName as Node prints it ("DNS:a, IP Address:1.2.3.4"), a line feed, its common name.
  std::string names() const;

 private:
  static int onVerify(int ok, X509_STORE_CTX* store);
  static void onProxyInfo(const SSL* ssl, int where, int value);

  std::vector<TlsHandle<SSL_CTX>> watched_;  // each of them refers to this TlsPeer
  SSL* proxySession_ = nullptr;
  long verifyError_ = 0;
  TlsHandle<X509> certificate_;  // the peer's own
};

}  // namespace dodici
