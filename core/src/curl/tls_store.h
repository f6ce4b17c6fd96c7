// The trusted certificates of a client, parsed once and shared by all its connections.
//
// Parsing a CA bundle costs about 30 ms of CPU; libcurl would do so for each new connection when given the text.
//
// Threads: any; parsed by the first connection that needs it.
// Owner:   Client; shared by its shards.
#pragma once

#include <memory>
#include <mutex>
#include <string>

namespace dodici {

class TlsStore {
 public:
  explicit TlsStore(const std::string& caPem);
  ~TlsStore();

  TlsStore(const TlsStore&) = delete;
  TlsStore& operator=(const TlsStore&) = delete;

  // Makes an SSL_CTX* trust these certificates. False when out of memory.
  bool apply(void* sslContext) noexcept;

 private:
  void parse();

  const std::string& caPem_;
  std::once_flag parsed_;
  void* store_ = nullptr;  // X509_STORE*
};

}  // namespace dodici
