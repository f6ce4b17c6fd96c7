// OpenSSL's objects, each freed by its owner's destructor; and a callback for OpenSSL's PEM readers, which ask on the
// terminal otherwise.
//
// Threads: any; an object is used by one thread at a time, unless OpenSSL says otherwise.
// Owner:   whoever holds the handle.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>

struct stack_st_GENERAL_NAME;
struct stack_st_X509;
struct PKCS12_st;

namespace dodici {

struct TlsDeleter {
  void operator()(BIO* bio) const noexcept;
  void operator()(EVP_PKEY* key) const noexcept;
  void operator()(PKCS12_st* bundle) const noexcept;
  void operator()(SSL_CTX* context) const noexcept;
  void operator()(X509* certificate) const noexcept;
  void operator()(X509_CRL* list) const noexcept;
  void operator()(X509_STORE* store) const noexcept;
  // Of a stack what is in it as well.
  void operator()(stack_st_GENERAL_NAME* names) const noexcept;
  void operator()(stack_st_X509* certificates) const noexcept;
};

template <typename T>
using TlsHandle = std::unique_ptr<T, TlsDeleter>;

// Reads from `bytes`, which outlive it. Null when out of memory.
TlsHandle<BIO> readerOf(const std::string& bytes);

// For PEM_read_*, which ask on the terminal when they are given no callback: there is no passphrase.
int refusePassphrase(char* room, int size, int isForWriting, void* unused);

}  // namespace dodici
