#include "curl/tls_peer.h"

#include "curl/proxy_options.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

namespace dodici {

namespace {

// The index at which an SSL_CTX keeps its TlsPeer; OpenSSL assigns it once per process.
int peerIndex() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

std::string_view textOf(const ASN1_STRING* string) {
  const auto* const data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(string));
  return {data, static_cast<std::size_t>(ASN1_STRING_length(string))};
}

// Writes an address as Node does: IPv6 with all eight groups, in capitals.
std::string addressOf(const ASN1_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const unsigned char* const data = ASN1_STRING_get0_data(bytes);
  if (ASN1_STRING_length(bytes) == 4) {
    inet_ntop(AF_INET, data, text.data(), text.size());
    return text.data();
  }
  if (ASN1_STRING_length(bytes) != 16) {
    return "<invalid>";
  }
  std::string groups;
  for (int i = 0; i < 16; i += 2) {
    std::snprintf(text.data(), text.size(), i == 0 ? "%X" : ":%X", data[i] << 8 | data[i + 1]);
    groups.append(text.data());
  }
  return groups;
}

std::string altNamesOf(X509* certificate) {
  std::string text;
  const TlsHandle<stack_st_GENERAL_NAME> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)
  ));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    std::string one;
    if (name->type == GEN_DNS) {
      one.append("DNS:").append(textOf(name->d.dNSName));
    } else if (name->type == GEN_IPADD) {
      one.append("IP Address:").append(addressOf(name->d.iPAddress));
    } else {
      continue;
    }
    text.append(text.empty() ? "" : ", ").append(one);
  }
  return text;
}

}  // namespace

TlsPeer::~TlsPeer() { reset(); }

void TlsPeer::reset() {
  for (const TlsHandle<SSL_CTX>& context : watched_) {
    SSL_CTX_set_ex_data(context.get(), peerIndex(), nullptr);
  }
  watched_.clear();
  proxySession_ = nullptr;
  verifyError_ = 0;
  certificate_.reset();
}

void TlsPeer::watch(SSL_CTX* context) {
  SSL_CTX_up_ref(context);
  TlsHandle<SSL_CTX> held(context);
  watched_.push_back(std::move(held));
  SSL_CTX_set_ex_data(context, peerIndex(), this);
  SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), &TlsPeer::onVerify);
  if (isProxyContext(context)) {
    SSL_CTX_set_info_callback(context, &TlsPeer::onProxyInfo);
  }
}

// libcurl only gives the SSL of the origin.
void TlsPeer::onProxyInfo(const SSL* ssl, int where, int) {
  SSL_CTX* const context = SSL_get_SSL_CTX(ssl);
  auto* const self = static_cast<TlsPeer*>(SSL_CTX_get_ex_data(context, peerIndex()));
  if (self != nullptr && (where & SSL_CB_HANDSHAKE_START) != 0) {
    self->proxySession_ = const_cast<SSL*>(ssl);
  }
}

// As in Node, the verification goes on after an error, and the last error counts: OpenSSL keeps it as the result of the
// handshake, so libcurl refuses the connection before anything is sent. EasyHandle checks it once more.
int TlsPeer::onVerify(int ok, X509_STORE_CTX* store) {
  auto* const ssl =
      static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* const self = static_cast<TlsPeer*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), peerIndex()));
  if (self == nullptr) {
    return ok;
  }
  const int depth = X509_STORE_CTX_get_error_depth(store);
  if (ok == 0) {
    self->verifyError_ = X509_STORE_CTX_get_error(store);
    if ((SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
      // A refused connection must not leave a session to resume.
      SSL_CTX_set_session_cache_mode(SSL_get_SSL_CTX(ssl), SSL_SESS_CACHE_OFF);
    }
  }
  if (depth == 0 && self->certificate_ == nullptr) {
    X509* const certificate = X509_STORE_CTX_get0_cert(store);
    X509_up_ref(certificate);
    self->certificate_.reset(certificate);
  }
  // Nobody checks the result of a second handshake, so an error must end it here.
  return SSL_num_renegotiations(ssl) == 0 ? 1 : ok;
}

std::string TlsPeer::names() const {
  if (certificate_ == nullptr) {
    return "\n";
  }
  X509* const certificate = certificate_.get();
  std::array<char, 256> commonName{};
  X509_NAME_get_text_by_NID(
      X509_get_subject_name(certificate),
      NID_commonName,
      commonName.data(),
      static_cast<int>(commonName.size())
  );
  return altNamesOf(certificate).append("\n").append(commonName.data());
}

}  // namespace dodici
