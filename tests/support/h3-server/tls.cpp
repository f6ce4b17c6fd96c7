#include "tls.h"

#include <stdexcept>
#include <string_view>

namespace h3server {

namespace {

constexpr std::string_view kProtocol = "h3";

int chooseProtocol(SSL*, const unsigned char** chosen, unsigned char* length, const unsigned char* offered, unsigned int size, void*) {
  for (unsigned int at = 0; at < size; at += 1U + offered[at]) {
    const std::string_view name(reinterpret_cast<const char*>(offered + at + 1), offered[at]);
    if (name == kProtocol) {
      *chosen = offered + at + 1;
      *length = offered[at];
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

Tls::Tls(const Options& options) : context_(SSL_CTX_new(TLS_server_method()), SSL_CTX_free) {
  SSL_CTX_set_min_proto_version(get(), TLS1_3_VERSION);
  SSL_CTX_set_alpn_select_cb(get(), chooseProtocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(get(), options.certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(get(), options.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    throw std::runtime_error("--cert and --key must name files in PEM");
  }
}

TlsSession::TlsSession(const Tls& tls, ngtcp2_crypto_conn_ref& reference)
    : ssl_(SSL_new(tls.get()), SSL_free) {
  SSL_set_app_data(ssl_.get(), &reference);
  SSL_set_accept_state(ssl_.get());
  if (ngtcp2_crypto_ossl_configure_server_session(ssl_.get()) != 0 ||
      ngtcp2_crypto_ossl_ctx_new(&handle_, ssl_.get()) != 0) {
    throw std::runtime_error("OpenSSL has no QUIC");
  }
}

TlsSession::~TlsSession() {
  SSL_set_app_data(ssl_.get(), nullptr);
  ngtcp2_crypto_ossl_ctx_del(handle_);
}

}  // namespace h3server
