#include "curl/tls_store.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace dodici {

TlsStore::TlsStore(const std::string& caPem) : caPem_(caPem) {}

TlsStore::~TlsStore() { X509_STORE_free(static_cast<X509_STORE*>(store_)); }

bool TlsStore::apply(void* sslContext) noexcept {
  try {
    std::call_once(parsed_, [this] { parse(); });
  } catch (...) {
    return false;
  }
  auto* const store = static_cast<X509_STORE*>(store_);
  if (store == nullptr) {
    return false;
  }
  SSL_CTX_set1_cert_store(static_cast<SSL_CTX*>(sslContext), store);
  return true;
}

// What is not a certificate ends the reading, as in Node.
void TlsStore::parse() {
  X509_STORE* const store = X509_STORE_new();
  if (store == nullptr) {
    return;
  }
  BIO* const bio = BIO_new_mem_buf(caPem_.data(), static_cast<int>(caPem_.size()));
  while (X509* certificate = PEM_read_bio_X509_AUX(bio, nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  BIO_free(bio);
  ERR_clear_error();
  store_ = store;
}

}  // namespace dodici
