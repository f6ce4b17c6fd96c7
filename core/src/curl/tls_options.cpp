#include "curl/tls_options.h"

#include <curl/curl.h>

namespace dodici {

namespace {

long tlsVersion(long version, bool highest) {
  switch (version) {
    case 0x0301:
      return highest ? CURL_SSLVERSION_MAX_TLSv1_0 : CURL_SSLVERSION_TLSv1_0;
    case 0x0302:
      return highest ? CURL_SSLVERSION_MAX_TLSv1_1 : CURL_SSLVERSION_TLSv1_1;
    case 0x0303:
      return highest ? CURL_SSLVERSION_MAX_TLSv1_2 : CURL_SSLVERSION_TLSv1_2;
    case 0x0304:
      return highest ? CURL_SSLVERSION_MAX_TLSv1_3 : CURL_SSLVERSION_TLSv1_3;
    default:
      return highest ? CURL_SSLVERSION_MAX_DEFAULT : CURL_SSLVERSION_TLSv1_2;
  }
}

}  // namespace

long tlsVersions(const TlsOptions& tls) {
  return tlsVersion(tls.minVersion, false) | tlsVersion(tls.maxVersion, true);
}

}  // namespace dodici
