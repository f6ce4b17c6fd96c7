// NativeClientOptions -> ClientOptions. lib/options/agent-options.ts has validated the values and holds the defaults; only the
// shapes are checked here.
//
// Threads: the env's JS thread.
#pragma once

#include <dodici/options.h>

#include <napi.h>

#include <string>

namespace dodici {

// `complaint` becomes the sentence for a TypeError, and stays empty when all is well.
// Throws what the object's getters throw.
ClientOptions optionsFromJs(Napi::Value value, std::string& complaint);

// NativeTlsOptions alone; the same.
TlsOptions tlsFromJs(Napi::Value value, std::string& complaint);

// NativeConnectionPlan; the same.
ConnectionPlan planFromJs(Napi::Value value, std::string& complaint);

}  // namespace dodici
