// What becomes of an exception in a function of lib/ that must not throw.
//
// Threads: the env's JS thread.
#pragma once

#include <napi.h>

namespace dodici {

// Reports the exception that a failed call has left, or a new one with this message. While a worker is being terminated
// there is none.
void reportUncaught(napi_env env, const char* otherwise);

}  // namespace dodici
