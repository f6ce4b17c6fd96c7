#include "curl/tls_facts.h"

#include "curl/easy_handle.h"
#include "curl/tls_handles.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

namespace dodici {

namespace {

std::string derOf(X509* certificate) {
  if (certificate == nullptr) {
    return {};
  }
  std::string der;
  if (const int size = i2d_X509(certificate, nullptr); size > 0) {
    der.resize(static_cast<std::size_t>(size));
    auto* to = reinterpret_cast<unsigned char*>(der.data());
    i2d_X509(certificate, &to);
  }
  return der;
}

// Node lets the verification go on after an error, and for a single certificate this is the last error that OpenSSL
// finds.
long verifyErrorOf(const SSL* ssl) {
  const long error = SSL_get_verify_result(ssl);
  const bool alone = sk_X509_num(SSL_get_peer_cert_chain(ssl)) <= 1;
  return alone && error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
             ? X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
             : error;
}

std::string alpnOf(const SSL* ssl) {
  const unsigned char* name = nullptr;
  unsigned int length = 0;
  SSL_get0_alpn_selected(ssl, &name, &length);
  return {reinterpret_cast<const char*>(name), length};
}

}  // namespace

std::string describeTls(const EasyHandle& easy) {
  const SSL* const ssl = easy.tls();
  const SSL_CIPHER* const cipher = ssl == nullptr ? nullptr : SSL_get_current_cipher(ssl);
  if (cipher == nullptr) {
    return {};
  }
  std::string text = SSL_get_version(ssl);
  text.append("\n").append(SSL_CIPHER_get_name(cipher));
  text.append("\n").append(SSL_CIPHER_standard_name(cipher));
  text.append("\n").append(SSL_CIPHER_get_version(cipher));
  text.append("\n").append(alpnOf(ssl));
  text.append("\n").append(std::to_string(verifyErrorOf(ssl))).append("\n");
  const TlsHandle<X509> certificate(SSL_get1_peer_certificate(ssl));
  return text.append(derOf(certificate.get()));
}

}  // namespace dodici
