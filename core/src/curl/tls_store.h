// What a client's TLS connections trust, show and ask for, parsed once and shared by all of them.
//
// Parsing a CA bundle costs about 30 ms of CPU; libcurl would do so for each new connection when given the text. What
// Node reads anew for each connection (tls.DEFAULT_MIN_VERSION and the like) may change: the client then gets another
// store for its later connections. Hence libcurl itself is told nothing of what is in here: it would keep its kept
// connections from requests that come later.
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

  // Makes `context` as the options say. False when they cannot be honoured, or out of memory.
  bool apply(SSL_CTX* context) noexcept;

  // A peer without a good certificate is refused.
  bool verifies() const { return verifies_; }

  // Sessions are resumed in later connections.
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
  TlsHandle<X509_STORE> store_;  // null: out of memory
};

// What the next connections of a client are made with.
struct TlsStores {
  std::shared_ptr<TlsStore> origin;
  std::shared_ptr<TlsStore> proxy;
};

}  // namespace dodici
