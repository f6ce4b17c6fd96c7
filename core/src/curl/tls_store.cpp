#include "curl/tls_store.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <string>
#include <utility>

namespace dodici {

namespace {

// A TLS 1.2 server may ask for a second handshake to get a certificate, its only use. A program that sets this option
// allows it in any case.
constexpr std::uint64_t kRenegotiates = SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION;

// As in Node, reading stops at the first text that is not a certificate.
void addCertificates(X509_STORE* store, const std::string& pem) {
  const TlsHandle<BIO> reader = readerOf(pem);
  while (const TlsHandle<X509> certificate{
      PEM_read_bio_X509_AUX(reader.get(), nullptr, &refusePassphrase, nullptr)}) {
    X509_STORE_add_cert(store, certificate.get());
  }
}

void addRevocations(X509_STORE* store, const std::string& pem) {
  const TlsHandle<BIO> reader = readerOf(pem);
  while (const TlsHandle<X509_CRL> list{
      PEM_read_bio_X509_CRL(reader.get(), nullptr, &refusePassphrase, nullptr)}) {
    X509_STORE_add_crl(store, list.get());
  }
  X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

// Adds OpenSSL's file and folder of certificates. As in Node, it is no error if they do not exist.
void addDefaultPaths(X509_STORE* store, const std::string& file, const std::string& path) {
  if (!file.empty()) {
    X509_STORE_load_file(store, file.c_str());
  }
  if (!path.empty()) {
    X509_STORE_load_path(store, path.c_str());
  }
}

}  // namespace

TlsStore::TlsStore(TlsOptions options)
    : verifies_(options.rejectUnauthorized),
      keepsSessions_(options.keepsSessions),
      options_(std::move(options)) {}

bool TlsStore::apply(SSL_CTX* context) noexcept {
  try {
    std::call_once(parsed_, [this] { parse(); });
  } catch (...) {
    return false;
  }
  if (store_ == nullptr) {
    return false;
  }
  SSL_CTX_set1_cert_store(context, store_.get());
  // The ciphers come first: they may set a security level, on which the rest depends.
  return applyCiphers(context) && identity_.apply(context) && applySettings(context);
}

void TlsStore::parse() {
  TlsHandle<X509_STORE> store(X509_STORE_new());
  if (store == nullptr) {
    return;
  }
  addCertificates(store.get(), options_.caPem);
  addDefaultPaths(store.get(), options_.caFile, options_.caPath);
  if (!options_.crlPem.empty()) {
    addRevocations(store.get(), options_.crlPem);
  }
  if (options_.trustsPartialChains) {
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  }
  identity_.parse(options_, store.get());
  ERR_clear_error();
  options_.caPem = options_.crlPem = {};
  options_.certPems.clear();
  options_.keys.clear();
  options_.pfxs.clear();
  store_ = std::move(store);
}

// As in Node, a list without ciphers for TLS 1.2 leaves those for TLS 1.3; for OpenSSL that is an error.
bool TlsStore::applyCiphers(SSL_CTX* context) const {
  if (options_.ciphers.empty() && options_.cipherSuites.empty()) {
    return true;
  }
  const bool isTaken =
      SSL_CTX_set_cipher_list(context, options_.ciphers.c_str()) == 1 || options_.ciphers.empty();
  ERR_clear_error();
  return isTaken && (options_.cipherSuites.empty() ||
                     SSL_CTX_set_ciphersuites(context, options_.cipherSuites.c_str()) == 1);
}

bool TlsStore::applySettings(SSL_CTX* context) const {
  const auto versionOf = [](long version) { return static_cast<int>(version); };
  if ((options_.minVersion != 0 &&
       SSL_CTX_set_min_proto_version(context, versionOf(options_.minVersion)) != 1) ||
      (options_.maxVersion != 0 &&
       SSL_CTX_set_max_proto_version(context, versionOf(options_.maxVersion)) != 1)) {
    return false;
  }
  // libcurl turns tickets off, but most servers need them to resume sessions of TLS 1.2.
  SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
  SSL_CTX_set_options(context, options_.secureOptions);
  if (identity_.empty() && (options_.secureOptions & kRenegotiates) == 0) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  }
  return (options_.curves.empty() || SSL_CTX_set1_curves_list(context, options_.curves.c_str()) == 1
         ) &&
         (options_.sigalgs.empty() ||
          SSL_CTX_set1_sigalgs_list(context, options_.sigalgs.c_str()) == 1);
}

}  // namespace dodici
