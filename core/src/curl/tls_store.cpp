#include "curl/tls_store.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace dodici {

namespace {

// What is not a certificate ends the reading, as in Node.
void addCertificates(X509_STORE* store, const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  while (X509* certificate = PEM_read_bio_X509_AUX(bio, nullptr, nullptr, nullptr)) {
    X509_STORE_add_cert(store, certificate);
    X509_free(certificate);
  }
  BIO_free(bio);
}

void addRevocations(X509_STORE* store, const std::string& pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  while (X509_CRL* list = PEM_read_bio_X509_CRL(bio, nullptr, nullptr, nullptr)) {
    X509_STORE_add_crl(store, list);
    X509_CRL_free(list);
  }
  BIO_free(bio);
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

}  // namespace

TlsStore::TlsStore(const TlsOptions& options) : options_(options) {}

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
  return identity_.apply(sslContext) && applySettings(sslContext);
}

void TlsStore::parse() {
  X509_STORE* const store = X509_STORE_new();
  if (store == nullptr) {
    return;
  }
  addCertificates(store, options_.caPem);
  if (!options_.crlPem.empty()) {
    addRevocations(store, options_.crlPem);
  }
  if (options_.trustsPartialChains) {
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  }
  identity_.parse(options_, store);
  ERR_clear_error();
  store_ = store;
}

bool TlsStore::applySettings(void* sslContext) const {
  auto* const context = static_cast<SSL_CTX*>(sslContext);
  // libcurl takes no tickets, without which most servers resume no session of TLS 1.2.
  SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_options(context, options_.secureOptions);
  return (options_.curves.empty() || SSL_CTX_set1_curves_list(context, options_.curves.c_str()) == 1
         ) &&
         (options_.sigalgs.empty() ||
          SSL_CTX_set1_sigalgs_list(context, options_.sigalgs.c_str()) == 1);
}

}  // namespace dodici
