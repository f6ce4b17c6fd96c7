#include "request_from_js.h"

#include <chrono>
#include <utility>

namespace dodici {
namespace {

// The indexes and flags of lib/native/contract.ts.
namespace param {
constexpr std::size_t id = 0;
constexpr std::size_t flags = 1;
constexpr std::size_t headersTimeout = 2;
constexpr std::size_t bodyTimeout = 3;
constexpr std::size_t textLength = 4;
constexpr std::size_t contentLengthLow = 5;
constexpr std::size_t contentLengthHigh = 6;
}  // namespace param

namespace flag {
constexpr std::uint32_t allowHttp2 = 1;
constexpr std::uint32_t closeConnection = 2;
constexpr std::uint32_t idempotent = 4;
constexpr std::uint32_t reportSent = 8;
constexpr std::uint32_t streamBody = 16;
constexpr std::uint32_t bytesBody = 32;
constexpr std::uint32_t knownLength = 64;
constexpr std::uint32_t tunnel = 128;
constexpr std::uint32_t expectContinue = 256;
constexpr std::uint32_t keepConnection = 512;
constexpr std::uint32_t decodesBody = 1024;
}  // namespace flag

// Up to this length we trust the announced one. Above it a wrong one would cost too much memory, so we ask V8 first.
constexpr std::size_t kTrustedLength = 64 * 1024;

constexpr int kFewestParts = 4;  // origin, method, target, servername

bool hasParts(const std::string& text) {
  std::size_t at = 0;
  for (int part = 0; part < kFewestParts; ++part) {
    at = text.find('\0', at);
    if (at == std::string::npos) {
      return false;
    }
    ++at;
  }
  return true;
}

Complaint textFromJs(napi_env env, napi_value value, std::size_t length, std::string& text) {
  constexpr Complaint kWrongLength = "text must have params' textLength";
  std::size_t copied = 0;
  if (length > kTrustedLength) {
    if (napi_get_value_string_latin1(env, value, nullptr, 0, &copied) != napi_ok) {
      return "text must be a string";
    }
    if (copied != length) {
      return kWrongLength;
    }
  }
  // Copies at most the announced length; the NUL goes into the string's terminator.
  text.resize(length);
  if (napi_get_value_string_latin1(env, value, text.data(), length + 1, &copied) != napi_ok) {
    return "text must be a string";
  }
  // If the text is longer than announced, the copy does not end with a NUL.
  if (copied != length || text.empty() || text.back() != '\0') {
    return kWrongLength;
  }
  if (!hasParts(text)) {
    return "text must have an origin, a method, a target and a servername";
  }
  return nullptr;
}

}  // namespace

std::optional<std::string> bytesFromJs(napi_env env, napi_value bytes) {
  napi_typedarray_type type{};
  std::size_t length = 0;
  void* data = nullptr;
  // Also fails if the value is not a typed array.
  if (napi_get_typedarray_info(env, bytes, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array) {
    return std::nullopt;
  }
  return length == 0 ? std::string() : std::string(static_cast<const char*>(data), length);
}

Complaint requestFromJs(
    napi_env env,
    std::span<const std::uint32_t, kParamCount> params,
    napi_value text,
    napi_value body,
    Request& request
) {
  const std::uint32_t flags = params[param::flags];
  const auto has = [flags](std::uint32_t bit) { return (flags & bit) != 0; };

  if (Complaint complaint = textFromJs(env, text, params[param::textLength], request.text)) {
    return complaint;
  }
  request.id = RequestId{params[param::id]};
  request.headersTimeout = std::chrono::milliseconds(params[param::headersTimeout]);
  request.bodyTimeout = std::chrono::milliseconds(params[param::bodyTimeout]);
  request.allowHttp2 = has(flag::allowHttp2);
  request.closeConnection = has(flag::closeConnection);
  request.keepConnection = has(flag::keepConnection);
  request.idempotent = has(flag::idempotent);
  request.reportSent = has(flag::reportSent);
  request.tunnel = has(flag::tunnel);
  request.expectContinue = has(flag::expectContinue);
  request.decodesBody = has(flag::decodesBody);
  if (has(flag::streamBody)) {
    request.bodyKind = BodyKind::stream;
    if (has(flag::knownLength)) {
      request.contentLength =
          std::uint64_t{params[param::contentLengthHigh]} << 32 | params[param::contentLengthLow];
    }
  }
  if (has(flag::bytesBody)) {
    auto bytes = bytesFromJs(env, body);
    if (!bytes || has(flag::streamBody)) {
      return "a body must be a Uint8Array, or a stream";
    }
    request.bodyKind = BodyKind::bytes;
    request.body = *std::move(bytes);
  }
  return nullptr;
}

}  // namespace dodici
