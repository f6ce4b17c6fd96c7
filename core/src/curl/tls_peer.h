// What the peer's certificate was found to lack in a handshake: libcurl only says that it failed.
//
// Threads: loop thread only.
// Owner:   EasyHandle; the handshakes of its transfer report here.
#pragma once

#include <string>

namespace dodici {

class TlsPeer {
 public:
  TlsPeer() = default;
  ~TlsPeer();

  TlsPeer(const TlsPeer&) = delete;
  TlsPeer& operator=(const TlsPeer&) = delete;

  // Handshakes of this SSL_CTX* report here. Verification itself stays as strict as it is.
  void watch(void* sslContext);

  void reset();

  // X509_V_ERR_* as Node reports it, 0 when nothing was found wrong.
  long verifyError() const { return verifyError_; }

  // The certificate's subjectAltName as Node prints it ("DNS:a, IP Address:1.2.3.4"), a line feed, its common name.
  std::string names() const;

 private:
  static int onVerify(int ok, void* storeContext);

  long verifyError_ = 0;
  void* certificate_ = nullptr;  // X509*, the peer's own
};

}  // namespace dodici
