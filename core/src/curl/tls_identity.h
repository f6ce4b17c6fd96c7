// The client's certificates and keys, for servers that ask for one.
//
// Threads: parse() is called once; then the object is constant, and apply() may be called on any thread.
// Owner:   TlsStore.
#pragma once

#include "curl/tls_handles.h"
#include "dodici/options.h"

#include <vector>

namespace dodici {

class TlsIdentity {
 public:
  // Adds the authorities in a PKCS #12 to `store`, as Node does.
  void parse(const TlsOptions& options, X509_STORE* store);

  // Sets them in `context`. Returns false if one could not be read, or if a key does not match its certificate.
  bool apply(SSL_CTX* context) const;

  // Whether there are no certificates or keys.
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
  bool isWhole_ = true;  // all parts could be read
};

}  // namespace dodici
