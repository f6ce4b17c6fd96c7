// What the bundled libraries may learn from the environment: nothing.
//
// libcurl writes TLS secrets to SSLKEYLOGFILE and takes proxies from *_proxy, OpenSSL reads SSL_CERT_FILE and more; undici's
// Agent heeds none of these. The addon is linked with --wrap=getenv, so that every call in it comes here; Node's own
// calls do not. Our own names pass.
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
