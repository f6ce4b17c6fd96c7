// Turns ClientOptions::proxy into setopt calls, which are the same for all transfers of a client.
//
// Threads: loop thread only.
// Owner:   none; EasyHandle calls it when it is made.
#pragma once

#include "dodici/options.h"

#include <curl/curl.h>
#include <openssl/types.h>

#include <vector>

namespace dodici {

// Fills `lines`, to which libcurl refers. It must live as long as the handle, as must the options.
// REQUIRES: options.url is not empty.
void setProxyOptions(CURL* handle, const ProxyOptions& options, std::vector<curl_slist>& lines);

// Whether libcurl made this context for TLS with the proxy, not with an origin.
bool isProxyContext(const SSL_CTX* context);

}  // namespace dodici
