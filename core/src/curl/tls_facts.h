// What TLS has agreed on with the peer of a tunnel, for its user.
//
// Threads: loop thread only.
#pragma once

#include <string>

namespace dodici {

class EasyHandle;

// Six lines: the version of the protocol; the cipher, as OpenSSL and as its standard names it, and the version that it came
// with; the protocol that ALPN chose, which may be empty; the X509_V_ERR_* of the verification, 0 for none. What follows
// them is the peer's own certificate as DER. Nothing at all without TLS.
// REQUIRES: the handle's connection is open.
std::string describeTls(const EasyHandle& easy);

}  // namespace dodici
