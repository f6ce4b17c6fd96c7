#include "curl/curl_global.h"

#include <curl/curl.h>

#include <mutex>

namespace dodici {

void ensureCurlGlobal() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::string curlVersionText() {
  ensureCurlGlobal();
  return curl_version();
}

}  // namespace dodici
