#include "report_uncaught.h"

namespace dodici {

void reportUncaught(napi_env env, const char* otherwise) {
  bool pending = false;
  napi_value error = nullptr;
  napi_is_exception_pending(env, &pending);
  if (pending) {
    napi_get_and_clear_last_exception(env, &error);
  } else {
    napi_value message = nullptr;
    napi_create_string_latin1(env, otherwise, NAPI_AUTO_LENGTH, &message);
    napi_create_type_error(env, nullptr, message, &error);
  }
  if (error != nullptr) {
    napi_fatal_exception(env, error);
  }
}

}  // namespace dodici
