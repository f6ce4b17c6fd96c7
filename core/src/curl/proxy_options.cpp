#include "curl/proxy_options.h"

#include <openssl/ssl.h>

#include <cstddef>
#include <string>

namespace dodici {

namespace {

#ifndef CURL_HAS_HEAD_AS_GIVEN
// libcurl would add this header to forwarded requests; undici does not.
constexpr const char* kNoProxyConnection = "Proxy-Connection:";
#endif

void link(std::vector<curl_slist>& lines) {
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) {
    lines[i].next = &lines[i + 1];
  }
}

void setCredential(CURL* handle, CURLoption option, const std::string& text) {
  if (!text.empty()) {
    curl_easy_setopt(handle, option, text.c_str());
  }
}

void setProxyTlsOptions(CURL* handle) {
  curl_easy_setopt(handle, CURLOPT_PROXY_CAINFO, nullptr);
  curl_easy_setopt(handle, CURLOPT_PROXY_CAPATH, nullptr);
  // The mark that isProxyContext() looks for, as libcurl's callback does not tell whose context it gets. The option
  // only affects the block ciphers of TLS 1.0.
  curl_easy_setopt(handle, CURLOPT_PROXY_SSL_OPTIONS, static_cast<long>(CURLSSLOPT_ALLOW_BEAST));
}

}  // namespace

void setProxyOptions(CURL* handle, const ProxyOptions& options, std::vector<curl_slist>& lines) {
  curl_easy_setopt(handle, CURLOPT_PROXY, options.url.c_str());
  // Otherwise libcurl reads no_proxy from the environment.
  curl_easy_setopt(handle, CURLOPT_NOPROXY, "");
  curl_easy_setopt(handle, CURLOPT_HTTPPROXYTUNNEL, options.tunnel ? 1L : 0L);
  // Headers for the proxy must not go through the tunnel to the origin.
  curl_easy_setopt(handle, CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  for (const std::string& line : options.headerLines) {
    lines.push_back(curl_slist{const_cast<char*>(line.c_str()), nullptr});
  }
#ifndef CURL_HAS_HEAD_AS_GIVEN
  if (!options.tunnel) {
    lines.push_back(curl_slist{const_cast<char*>(kNoProxyConnection), nullptr});
  }
#endif
  if (!lines.empty()) {
    link(lines);
    curl_easy_setopt(handle, CURLOPT_PROXYHEADER, lines.data());
  }
  setCredential(handle, CURLOPT_PROXYUSERNAME, options.username);
  setCredential(handle, CURLOPT_PROXYPASSWORD, options.password);
  setProxyTlsOptions(handle);
}

bool isProxyContext(const SSL_CTX* context) {
  const auto set = SSL_CTX_get_options(context);
  return (set & SSL_OP_DONT_INSERT_EMPTY_FRAGMENTS) != 0;
}

}  // namespace dodici
