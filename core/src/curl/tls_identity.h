// The certificates and keys that a client shows to servers that ask for one.
//
// Threads: parse() once; then constant, and apply() from any.
// Owner:   TlsStore.
#pragma once

#include "dodici/options.h"

#include <vector>

namespace dodici {

class TlsIdentity {
 public:
  TlsIdentity() = default;
  ~TlsIdentity();

  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // `store` (X509_STORE*) is made to trust the authorities that come with a PKCS #12, as Node does.
  void parse(const TlsOptions& options, void* store);

  // Gives them to an SSL_CTX*. False when one could not be read, or a key is not its certificate's.
  bool apply(void* sslContext) const;

 private:
  struct Chain {
    void* certificate = nullptr;  // X509*
    void* issuers = nullptr;      // STACK_OF(X509)*
  };

  void addChain(const std::string& pem);
  void addKey(const TlsSecret& key);
  void addPfx(const TlsSecret& pfx, void* store);

  std::vector<Chain> chains_;
  std::vector<void*> keys_;  // EVP_PKEY*
  bool isWhole_ = true;      // everything could be read
};

}  // namespace dodici
