// The trusted certificates, own certificates and settings of a client's TLS, parsed once and shared by its connections.
//
// Parsing a CA bundle takes about 30 ms of CPU, and libcurl would do it for each new connection. Node reads some
// defaults again for each connection (tls.DEFAULT_MIN_VERSION and so on). If these change, the client gets another
// store for later connections. libcurl knows nothing about the contents: otherwise it would not use kept connections
// for later requests.
//
// Threads: any; parsed by the first connection that needs it.
// Owner:   shared by the shards of a client and by the handles that connect with it.
#pragma once

#include "curl/tls_handles.h"
#include "curl/tls_identity.h"
#include "dodici/options.h"

#include <memory>
#include <mutex>

namespace dodici {

class TlsStore {
 public:
  explicit TlsStore(TlsOptions options);

  TlsStore(const TlsStore&) = delete;
  TlsStore& operator=(const TlsStore&) = delete;

  // Applies the options to `context`. Returns false if that is impossible, or out of memory.
  bool apply(SSL_CTX* context) noexcept;

  // Whether a peer without a valid certificate is refused.
  bool verifies() const { return verifies_; }

  // Whether later connections resume sessions.
  bool keepsSessions() const { return keepsSessions_; }

 private:
  void parse();
  bool applyCiphers(SSL_CTX* context) const;
  bool applySettings(SSL_CTX* context) const;

  const bool verifies_;
  const bool keepsSessions_;
  TlsOptions options_;  // without the certificates once they are parsed
  std::once_flag parsed_;

  // Constant once parsed.
  TlsIdentity identity_;
  TlsHandle<X509_STORE> store_;  // null if out of memory
};

// The stores for a client's next connections.
struct TlsStores {
  std::shared_ptr<TlsStore> origin;
  std::shared_ptr<TlsStore> proxy;
};

}  // namespace dodici
