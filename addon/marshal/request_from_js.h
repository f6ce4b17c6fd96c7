// submit()'s arguments -> Request. lib/ has validated the values; only the shapes are checked here.
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

// The sentence for a TypeError; nullptr: all is well.
using Complaint = const char*;

inline constexpr std::size_t kParamCount = 8;

// `params` as lib/native/contract.ts lays them out.
Complaint requestFromJs(
    napi_env env,
    std::span<const std::uint32_t, kParamCount> params,
    napi_value text,
    napi_value body,
    Request& request
);

// A copy of the bytes; nothing when the value is no Uint8Array.
std::optional<std::string> bytesFromJs(napi_env env, napi_value bytes);

}  // namespace dodici
