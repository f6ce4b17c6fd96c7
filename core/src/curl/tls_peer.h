// Records what was wrong with the peer's certificate in a handshake; libcurl only reports that the handshake failed.
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

  // Handshakes of this context report here until reset(). A bad certificate is still refused, after the handshake.
  void watch(SSL_CTX* context);

  // Forgets everything and ends the reports: a connection may outlive the transfer that made it, and make another
  // handshake.
  void reset();

  // X509_V_ERR_* as Node reports it; 0 if the certificate is valid.
  long verifyError() const { return verifyError_; }

  // The session with an HTTPS proxy, or null. It lives as long as the connection.
  SSL* proxySession() const { return proxySession_; }

  // The certificate's subjectAltName as Node prints it ("DNS:a, IP Address:1.2.3.4"), a line feed, and its common name.
  std::string names() const;

 private:
  static int onVerify(int ok, X509_STORE_CTX* store);
  static void onProxyInfo(const SSL* ssl, int where, int value);

  std::vector<TlsHandle<SSL_CTX>> watched_;  // each of them refers to this TlsPeer
  SSL* proxySession_ = nullptr;
  long verifyError_ = 0;
  TlsHandle<X509> certificate_;  // the peer's own certificate
};

}  // namespace dodici
