// Owning handles of OpenSSL's objects, and a callback for its PEM readers, which would otherwise ask on the terminal.
//
// Threads: any; an object is used by one thread at a time, unless OpenSSL says otherwise.
// Owner:   the holder of the handle.
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
  // These also free the elements of a stack.
  void operator()(stack_st_GENERAL_NAME* names) const noexcept;
  void operator()(stack_st_X509* certificates) const noexcept;
};

template <typename T>
using TlsHandle = std::unique_ptr<T, TlsDeleter>;

// Reads from `bytes`, which must outlive it. Null if out of memory.
TlsHandle<BIO> readerOf(const std::string& bytes);

// A callback for PEM_read_* that gives no passphrase. Without one they ask on the terminal.
int refusePassphrase(char* room, int size, int isForWriting, void* unused);

}  // namespace dodici
