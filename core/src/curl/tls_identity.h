// The certificates and keys that a client shows to servers that ask for one.
//
// Threads: parse() once; then constant, and apply() from any.
// Owner:   TlsStore.
#pragma once

#include "curl/tls_handles.h"
#include "dodici/options.h"

#include <vector>

namespace dodici {

class TlsIdentity {
 public:
  // `store` is made to trust the authorities that come with a PKCS #12, as Node does.
  void parse(const TlsOptions& options, X509_STORE* store);

  // Gives them to `context`. False when one could not be read, or a key is not its certificate's.
  bool apply(SSL_CTX* context) const;

  // There is nothing to show.
  bool empty() const { return chains_.empty() && keys_.empty(); }

 private:
  struct Chain {
    TlsHandle<X509> certificate;
    TlsHandle<stack_st_X509> issuers;
  };

  void addChain(const std::string& pem);
  void addKey(const TlsSecret& key);
  void addPfx(const TlsSecret& pfx, X509_STORE* store);

  std::vector<Chain> chains_;
  std::vector<TlsHandle<EVP_PKEY>> keys_;
  bool isWhole_ = true;  // everything could be read
};

}  // namespace dodici
