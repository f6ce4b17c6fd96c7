#include "curl/tls_handles.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <climits>

namespace dodici {

void TlsDeleter::operator()(BIO* bio) const noexcept { BIO_free(bio); }

void TlsDeleter::operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }

void TlsDeleter::operator()(PKCS12_st* bundle) const noexcept { PKCS12_free(bundle); }

void TlsDeleter::operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }

void TlsDeleter::operator()(X509* certificate) const noexcept { X509_free(certificate); }

void TlsDeleter::operator()(X509_CRL* list) const noexcept { X509_CRL_free(list); }

void TlsDeleter::operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }

void TlsDeleter::operator()(stack_st_GENERAL_NAME* names) const noexcept {
  GENERAL_NAMES_free(names);
}

void TlsDeleter::operator()(stack_st_X509* certificates) const noexcept {
  sk_X509_pop_free(certificates, X509_free);
}

TlsHandle<BIO> readerOf(const std::string& bytes) {
  if (bytes.size() > INT_MAX) {
    return nullptr;
  }
  return TlsHandle<BIO>(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

int refusePassphrase(char*, int, int, void*) { return -1; }

}  // namespace dodici
