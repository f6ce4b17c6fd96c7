// What libcurl's options for TLS to origins and to proxies have in common.
//
// Threads: any; a pure function.
// Owner:   none.
#pragma once

#include "dodici/options.h"

namespace dodici {

// As CURLOPT_SSLVERSION and CURLOPT_PROXY_SSLVERSION take them.
long tlsVersions(const TlsOptions& tls);

}  // namespace dodici
