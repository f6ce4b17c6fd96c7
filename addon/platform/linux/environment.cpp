// Hides the environment from the bundled libraries.
//
// libcurl writes TLS secrets to SSLKEYLOGFILE and reads *_proxy, and OpenSSL reads SSL_CERT_FILE and more. undici's
// Agent ignores all of these. The addon is linked with --wrap=getenv, so that all its calls come here; Node's own do
// not. Our own variables pass.
//
// Threads: any, as getenv().
#include <string_view>

extern "C" {

char* __real_getenv(const char* name);

char* __wrap_getenv(const char* name) {
  return std::string_view(name).starts_with("DODICI_") ? __real_getenv(name) : nullptr;
}

char* __wrap_secure_getenv(const char* name) { return __wrap_getenv(name); }

}  // extern "C"
