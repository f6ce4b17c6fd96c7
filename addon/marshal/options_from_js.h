// Turns NativeClientOptions into ClientOptions. lib/options/agent-options.ts has validated the values and filled in the
// defaults; only their types are checked here.
//
// Threads: the env's JS thread.
#pragma once

#include <dodici/collector.h>
#include <dodici/options.h>

#include <napi.h>

#include <string>

namespace dodici {

// Sets `complaint` to the message of a TypeError, or leaves it empty if all is well. Throws what the object's getters
// throw.
ClientOptions optionsFromJs(Napi::Value value, std::string& complaint);

// The same for NativeTlsOptions alone.
TlsOptions tlsFromJs(Napi::Value value, std::string& complaint);

// The same for NativeCollecting.
CollectorOptions collectorFromJs(Napi::Value value, std::string& complaint);

// The same for NativeConnectionPlan.
ConnectionPlan planFromJs(Napi::Value value, std::string& complaint);

}  // namespace dodici
