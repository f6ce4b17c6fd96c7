// Turns submit()'s arguments into a Request. lib/ has validated the values; only their types are checked here.
//
// Threads: the env's JS thread.
#pragma once

#include <dodici/request.h>

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace dodici {

// The message of a TypeError; nullptr if all is well.
using Complaint = const char*;

inline constexpr std::size_t kParamCount = 8;

// `params` has the layout of lib/native/contract.ts.
Complaint requestFromJs(
    napi_env env,
    std::span<const std::uint32_t, kParamCount> params,
    napi_value text,
    napi_value body,
    Request& request
);

// A copy of the bytes; nullopt if the value is not a Uint8Array.
std::optional<std::string> bytesFromJs(napi_env env, napi_value bytes);

}  // namespace dodici
