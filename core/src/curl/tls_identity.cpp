#include "curl/tls_identity.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace dodici {

namespace {

// For PEM_read_*.
int givePassphrase(char* room, int size, int, void* passphrase) {
  const auto& text = *static_cast<const std::string*>(passphrase);
  if (text.size() > static_cast<std::size_t>(size)) {
    return -1;
  }
  std::copy(text.begin(), text.end(), room);
  return static_cast<int>(text.size());
}

}  // namespace

void TlsIdentity::parse(const TlsOptions& options, X509_STORE* store) {
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

bool TlsIdentity::apply(SSL_CTX* context) const {
  bool isTaken = isWhole_;
  for (const Chain& chain : chains_) {
    isTaken = isTaken && SSL_CTX_use_certificate(context, chain.certificate.get()) == 1 &&
              SSL_CTX_set1_chain(context, chain.issuers.get()) == 1;
  }
  for (const TlsHandle<EVP_PKEY>& key : keys_) {
    isTaken = isTaken && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
  }
  return isTaken;
}

void TlsIdentity::addChain(const std::string& pem) {
  const TlsHandle<BIO> reader = readerOf(pem);
  Chain chain{
      TlsHandle<X509>(PEM_read_bio_X509_AUX(reader.get(), nullptr, &refusePassphrase, nullptr)),
      TlsHandle<stack_st_X509>(sk_X509_new_null())};
  while (TlsHandle<X509> issuer{
      PEM_read_bio_X509(reader.get(), nullptr, &refusePassphrase, nullptr)}) {
    if (sk_X509_push(chain.issuers.get(), issuer.get()) > 0) {
      static_cast<void>(issuer.release());  // now owned by the stack
    } else {
      isWhole_ = false;
    }
  }
  isWhole_ = isWhole_ && chain.certificate != nullptr;
  chains_.push_back(std::move(chain));
}

void TlsIdentity::addKey(const TlsSecret& key) {
  const TlsHandle<BIO> reader = readerOf(key.bytes);
  auto* const passphrase = const_cast<std::string*>(&key.passphrase);
  keys_.emplace_back(PEM_read_bio_PrivateKey(reader.get(), nullptr, &givePassphrase, passphrase));
  isWhole_ = isWhole_ && keys_.back() != nullptr;
}

void TlsIdentity::addPfx(const TlsSecret& pfx, X509_STORE* store) {
  const TlsHandle<BIO> reader = readerOf(pfx.bytes);
  const TlsHandle<PKCS12_st> bundle(d2i_PKCS12_bio(reader.get(), nullptr));
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  stack_st_X509* issuers = nullptr;
  const bool isParsed =
      bundle != nullptr &&
      PKCS12_parse(bundle.get(), pfx.passphrase.c_str(), &key, &certificate, &issuers) == 1;
  TlsHandle<EVP_PKEY> ownKey(key);
  Chain chain{TlsHandle<X509>(certificate), TlsHandle<stack_st_X509>(issuers)};
  isWhole_ = isWhole_ && isParsed && ownKey != nullptr && chain.certificate != nullptr;
  for (int i = 0; i < sk_X509_num(issuers); ++i) {
    X509_STORE_add_cert(store, sk_X509_value(issuers, i));
  }
  chains_.push_back(std::move(chain));
  keys_.push_back(std::move(ownKey));
}

}  // namespace dodici
