#include "curl/tls_identity.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace dodici {

namespace {

BIO* openBytes(const std::string& bytes) {
  return BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()));
}

// For PEM_read_*: without it OpenSSL would ask on the terminal.
int givePassphrase(char* room, int size, int, void* passphrase) {
  const auto& text = *static_cast<const std::string*>(passphrase);
  const auto length = std::min(static_cast<std::size_t>(size), text.size());
  std::copy_n(text.data(), length, room);
  return static_cast<int>(length);
}

}  // namespace

TlsIdentity::~TlsIdentity() {
  for (const Chain& chain : chains_) {
    X509_free(static_cast<X509*>(chain.certificate));
    sk_X509_pop_free(static_cast<STACK_OF(X509)*>(chain.issuers), X509_free);
  }
  for (void* key : keys_) {
    EVP_PKEY_free(static_cast<EVP_PKEY*>(key));
  }
}

void TlsIdentity::parse(const TlsOptions& options, void* store) {
  for (const std::string& pem : options.certPems) {
    addChain(pem);
  }
  for (const TlsSecret& key : options.keys) {
    addKey(key);
  }
  for (const TlsSecret& pfx : options.pfxs) {
    addPfx(pfx, store);
  }
}

bool TlsIdentity::apply(void* sslContext) const {
  auto* const context = static_cast<SSL_CTX*>(sslContext);
  bool isTaken = isWhole_;
  for (const Chain& chain : chains_) {
    isTaken = isTaken &&
              SSL_CTX_use_certificate(context, static_cast<X509*>(chain.certificate)) == 1 &&
              SSL_CTX_set1_chain(context, static_cast<STACK_OF(X509)*>(chain.issuers)) == 1;
  }
  for (void* key : keys_) {
    isTaken = isTaken && SSL_CTX_use_PrivateKey(context, static_cast<EVP_PKEY*>(key)) == 1;
  }
  return isTaken;
}

void TlsIdentity::addChain(const std::string& pem) {
  BIO* const bio = openBytes(pem);
  X509* const certificate = PEM_read_bio_X509_AUX(bio, nullptr, nullptr, nullptr);
  STACK_OF(X509)* const issuers = sk_X509_new_null();
  while (X509* issuer = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr)) {
    sk_X509_push(issuers, issuer);
  }
  BIO_free(bio);
  isWhole_ = isWhole_ && certificate != nullptr;
  chains_.push_back(Chain{certificate, issuers});
}

void TlsIdentity::addKey(const TlsSecret& key) {
  BIO* const bio = openBytes(key.bytes);
  auto* const passphrase = const_cast<std::string*>(&key.passphrase);
  EVP_PKEY* const read = PEM_read_bio_PrivateKey(bio, nullptr, &givePassphrase, passphrase);
  BIO_free(bio);
  isWhole_ = isWhole_ && read != nullptr;
  keys_.push_back(read);
}

void TlsIdentity::addPfx(const TlsSecret& pfx, void* store) {
  BIO* const bio = openBytes(pfx.bytes);
  PKCS12* const read = d2i_PKCS12_bio(bio, nullptr);
  BIO_free(bio);
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  STACK_OF(X509)* issuers = nullptr;
  const bool isParsed =
      read != nullptr &&
      PKCS12_parse(read, pfx.passphrase.c_str(), &key, &certificate, &issuers) == 1;
  PKCS12_free(read);
  isWhole_ = isWhole_ && isParsed && key != nullptr && certificate != nullptr;
  for (int i = 0; i < sk_X509_num(issuers); ++i) {
    X509_STORE_add_cert(static_cast<X509_STORE*>(store), sk_X509_value(issuers, i));
  }
  chains_.push_back(Chain{certificate, issuers});
  keys_.push_back(key);
}

}  // namespace dodici
