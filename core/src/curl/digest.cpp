#include "curl/digest.h"

#include "curl/curl_global.h"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace dodici {

struct Digest::Context {
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  std::unique_ptr<EVP_MD_CTX, Free> evp{EVP_MD_CTX_new()};
};

Digest::Digest(Kind kind) : context_(std::make_unique<Context>()) {
  ensureCurlGlobal();
  const EVP_MD* const algorithm = kind == Kind::sha256 ? EVP_sha256() : EVP_md5();
  if (!context_->evp || EVP_DigestInit_ex(context_->evp.get(), algorithm, nullptr) != 1) {
    throw std::runtime_error("OpenSSL does not have the checksum's algorithm");
  }
}

Digest::~Digest() = default;

void Digest::add(std::span<const std::byte> bytes) {
  EVP_DigestUpdate(context_->evp.get(), bytes.data(), bytes.size());
}

std::string Digest::finish() {
  constexpr const char* kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_DigestFinal_ex(context_->evp.get(), bytes.data(), &size);
  std::string text;
  for (const unsigned char byte : std::span(bytes).first(size)) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 0xf]);
  }
  return text;
}

}  // namespace dodici
