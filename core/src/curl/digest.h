// SHA-256 and MD5, by OpenSSL.
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace dodici {

class Digest {
 public:
  enum class Kind : std::uint8_t { sha256, md5 };

  // Throws std::runtime_error if OpenSSL does not have the algorithm.
  explicit Digest(Kind kind);
  ~Digest();

  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void add(std::span<const std::byte> bytes);

  // Returns the digest in lower-case hexadecimal. REQUIRES: it is the last call.
  std::string finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace dodici
