#include "download_to_js.h"

#include "fields.h"
#include "report_uncaught.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dodici {
namespace {

void freeBytes(napi_env, void* bytes, void*) {
  const DownloadedBytes owner(static_cast<std::byte*>(bytes));
}

// An object of numbers and latin1 texts.
class Facts {
 public:
  explicit Facts(napi_env env) : env_(env) { napi_create_object(env, &object_); }

  void number(const char* name, double value) {
    napi_value number = nullptr;
    napi_create_double(env_, value, &number);
    set(name, number);
  }

  void text(const char* name, std::string_view value) {
    napi_value text = nullptr;
    napi_create_string_latin1(env_, value.data(), value.size(), &text);
    set(name, text);
  }

  void set(const char* name, napi_value value) {
    if (value != nullptr) {
      napi_set_named_property(env_, object_, name, value);
    }
  }

  napi_value object() const { return object_; }

 private:
  napi_env env_;
  napi_value object_ = nullptr;
};

// Without a copy where the runtime allows memory that is not its own.
napi_value bytesToJs(napi_env env, DownloadedBytes bytes, std::size_t size) {
  napi_value buffer = nullptr;
  if (size > 0 &&
      napi_create_external_buffer(env, size, bytes.get(), freeBytes, nullptr, &buffer) == napi_ok) {
    static_cast<void>(bytes.release());  // freeBytes() owns it now
    return buffer;
  }
  return napi_create_buffer_copy(env, size, bytes.get(), nullptr, &buffer) == napi_ok ? buffer
                                                                                      : nullptr;
}

void call(napi_env env, napi_value onNews, const DownloadProgress& progress, napi_value result) {
  std::array<napi_value, 4> arguments{nullptr, nullptr, nullptr, result};
  napi_value none = nullptr;
  napi_get_undefined(env, &none);
  napi_create_double(env, static_cast<double>(progress.received), arguments.data());
  napi_create_double(env, static_cast<double>(progress.total), &arguments[1]);
  napi_create_double(env, static_cast<double>(progress.resumed), &arguments[2]);
  if (napi_call_function(env, none, onNews, arguments.size(), arguments.data(), nullptr) !=
      napi_ok) {
    reportUncaught(env, "onNews could not be called");
  }
}

}  // namespace

void progressToJs(napi_env env, napi_value onNews, const DownloadProgress& progress) {
  napi_value none = nullptr;
  napi_get_undefined(env, &none);
  call(env, onNews, progress, none);
}

void resultToJs(napi_env env, napi_value onNews, DownloadResult& result) {
  Facts facts(env);
  facts.number("end", static_cast<double>(result.end));
  facts.number("size", static_cast<double>(result.size));
  facts.text("etag", result.etag);
  facts.number("resumed", static_cast<double>(result.resumed));
  facts.number("ranges", result.ranges);
  facts.number("retries", result.retries);
  facts.text("checksum", result.checksum);
  facts.number("status", result.status);
  facts.text("location", result.location);
  facts.number("code", static_cast<double>(result.error.code));
  facts.number("detail", result.error.detail);
  facts.text("message", result.error.message);
  facts.text("socket", result.error.socket);
  facts.text("text", result.text);
  facts.number("systemError", result.systemError);
  facts.text("syscall", result.syscall);
  if (result.end == DownloadEnd::whole) {
    const auto length = result.bytes ? static_cast<std::size_t>(result.size) : 0;
    facts.set("bytes", bytesToJs(env, std::move(result.bytes), length));
  }
  const auto total = static_cast<std::int64_t>(result.size);
  call(env, onNews, {result.size, total, result.resumed}, facts.object());
}

DownloadOptions downloadFromJs(Napi::Value value, std::string& complaint) {
  constexpr double kMostChecksum = static_cast<double>(ChecksumKind::crc32c);
  Fields fields(value, complaint);
  DownloadOptions options;
  options.request.text = fields.latin1("text");
  options.request.allowHttp2 = fields.flag("allowHttp2");
  options.request.closeConnection = fields.flag("closeConnection");
  options.request.idempotent = true;
  options.request.headersTimeout = fields.time("headersTimeout");
  options.request.bodyTimeout = fields.time("bodyTimeout");
  options.path = fields.text("path");
  options.temporaryPath = fields.text("temporaryPath");
  options.resumeKey = fields.latin1("resumeKey");
  options.window = static_cast<std::uint64_t>(fields.integer("window", 0, kMostSafeInteger));
  options.syncs = fields.flag("syncs");
  options.rangeSize = static_cast<std::uint64_t>(fields.integer("rangeSize", 1, kMostSafeInteger));
  options.mostRangeSize =
      static_cast<std::uint64_t>(fields.integer("mostRangeSize", 0, kMostSafeInteger));
  options.concurrency = static_cast<std::uint32_t>(fields.integer("concurrency", 1, kMostCount));
  options.retries = fields.count("retries");
  options.retryDelay = fields.time("retryDelay");
  options.maxRetryDelay = fields.time("maxRetryDelay");
  options.restartsIfChanged = fields.flag("restartsIfChanged");
  options.checksum = static_cast<ChecksumKind>(fields.integer("checksum", 0, kMostChecksum));
  options.expectedChecksum = fields.latin1("expectedChecksum");
  return options;
}

}  // namespace dodici
