// Describes the TLS session of a tunnel for its user.
//
// Threads: loop thread only.
#pragma once

#include <string>

namespace dodici {

class EasyHandle;

// Six lines: the protocol's version; OpenSSL's name of the cipher, its standard name, and the version that introduced
// it; the protocol that ALPN chose, or empty; the X509_V_ERR_* of the verification, or 0. The peer's own certificate
// follows as DER. Empty without TLS.
// REQUIRES: the handle's connection is open.
std::string describeTls(const EasyHandle& easy);

}  // namespace dodici
