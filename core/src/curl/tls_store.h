// What a client's TLS connections trust, show and ask for, parsed once and shared by all of them.
//
// Parsing a CA bundle costs about 30 ms of CPU; libcurl would do so for each new connection when given the text.
//
// Threads: any; parsed by the first connection that needs it.
// Owner:   Client; shared by its shards.
#pragma once

#include "curl/tls_handles.h"
#include "curl/tls_identity.h"
#include "dodici/options.h"

#include <mutex>

namespace dodici {

class TlsStore {
 public:
  explicit TlsStore(const TlsOptions& options);

  TlsStore(const TlsStore&) = delete;
  TlsStore& operator=(const TlsStore&) = delete;

  // Makes `context` as the options say. False when they cannot be honoured, or out of memory.
  bool apply(SSL_CTX* context) noexcept;

 private:
  void parse();
  bool applySettings(SSL_CTX* context) const;

  const TlsOptions& options_;
  std::once_flag parsed_;

  // Constant once parsed.
  TlsIdentity identity_;
  TlsHandle<X509_STORE> store_;  // null: out of memory
};

}  // namespace dodici
