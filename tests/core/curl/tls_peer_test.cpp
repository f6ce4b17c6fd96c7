// TlsPeer in handshakes between two ends in memory.
#include "curl/tls_peer.h"

#include "curl/tls_store.h"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace dodici {
namespace {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

using Session = std::unique_ptr<SSL, FreeSsl>;

TlsHandle<EVP_PKEY> makeKey() { return TlsHandle<EVP_PKEY>(EVP_EC_gen("P-256")); }

// Nobody trusts it: it has signed itself.
TlsHandle<X509> makeCertificate(EVP_PKEY* key) {
  TlsHandle<X509> certificate(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const auto* const text = reinterpret_cast<const unsigned char*>("peer.test");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

class TlsPeerTest : public ::testing::Test {
 protected:
  TlsPeerTest()
      : server_(SSL_CTX_new(TLS_server_method())), client_(SSL_CTX_new(TLS_client_method())) {
    const auto key = makeKey();
    SSL_CTX_use_certificate(server_.get(), makeCertificate(key.get()).get());
    SSL_CTX_use_PrivateKey(server_.get(), key.get());
    SSL_CTX_set_verify(client_.get(), SSL_VERIFY_PEER, nullptr);
  }

  // Whether both ends agree.
  bool shakeHands() {
    const Session server(SSL_new(server_.get()));
    const Session client(SSL_new(client_.get()));
    BIO* ofServer = nullptr;
    BIO* ofClient = nullptr;
    BIO_new_bio_pair(&ofServer, 0, &ofClient, 0);
    SSL_set_bio(server.get(), ofServer, ofServer);
    SSL_set_bio(client.get(), ofClient, ofClient);
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(client.get());
    for (int round = 0; round < 10; ++round) {
      const bool clientIsDone = SSL_do_handshake(client.get()) == 1;
      const bool serverIsDone = SSL_do_handshake(server.get()) == 1;
      verifyResult_ = SSL_get_verify_result(client.get());
      if (clientIsDone && serverIsDone) {
        return true;
      }
    }
    return false;
  }

  long verifyResult_ = 0;  // of the last handshake, as the client sees it
  TlsHandle<SSL_CTX> server_;
  TlsHandle<SSL_CTX> client_;
};

TEST_F(TlsPeerTest, TellsWhatAHandshakeFoundWrong) {
  TlsPeer peer;
  peer.watch(client_.get());
  shakeHands();
  EXPECT_EQ(verifyResult_, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) << "libcurl refuses for this";
  EXPECT_EQ(peer.verifyError(), X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
  EXPECT_EQ(peer.names(), "\npeer.test");
}

TEST_F(TlsPeerTest, KeepsNoSessionWithAPeerThatIsRefused) {
  SSL_CTX_set_session_cache_mode(client_.get(), SSL_SESS_CACHE_CLIENT);
  TlsPeer peer;
  peer.watch(client_.get());
  shakeHands();
  EXPECT_EQ(SSL_CTX_get_session_cache_mode(client_.get()), SSL_SESS_CACHE_OFF);
}

// The connection of an ended transfer, and so of its TlsPeer, may make another handshake.
TEST_F(TlsPeerTest, IsToldNothingMoreOnceItIsReset) {
  TlsPeer peer;
  peer.watch(client_.get());
  peer.reset();
  EXPECT_FALSE(shakeHands());
  EXPECT_EQ(peer.verifyError(), 0);
  EXPECT_EQ(peer.names(), "\n");
}

TEST_F(TlsPeerTest, MayGoBeforeItsConnections) {
  {
    TlsPeer peer;
    peer.watch(client_.get());
  }
  EXPECT_FALSE(shakeHands()) << "verification is as strict as before";
}

}  // namespace
}  // namespace dodici
