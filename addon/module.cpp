// The addon's entry point: implements NativeBinding of lib/native/contract.ts.
#include "addon_state.h"
#include "client_wrap.h"
#include "marshal/download_to_js.h"
#include "marshal/options_from_js.h"

#include <dodici/client.h>
#include <dodici/download.h>

#include <napi.h>

#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace dodici {
namespace {

constexpr std::uint32_t kMostLoopThreads = 1024;

Napi::Value setLoopThreadsFromJs(const Napi::CallbackInfo& info) {
  const double count = info[0].IsNumber() ? info[0].As<Napi::Number>().DoubleValue() : 0;
  if (!(count >= 1 && count <= kMostLoopThreads)) {
    throw Napi::TypeError::New(info.Env(), "count must be a number from 1 to 1024");
  }
  return Napi::Boolean::New(info.Env(), setLoopThreads(static_cast<std::uint32_t>(count)));
}

Napi::Value versionToJs(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), versionText());
}

Napi::Value startDownloadFromJs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  std::string complaint;
  ClientOptions client = optionsFromJs(info[0], complaint);
  DownloadOptions options = downloadFromJs(info[1], complaint);
  if (complaint.empty() && !info[2].IsFunction()) {
    complaint = "onNews must be a function";
  }
  if (!complaint.empty()) {
    throw Napi::TypeError::New(env, complaint);
  }
  // lib/ has looked the host up; JavaScript is not asked again.
  client.asksToConnect = false;
  try {
    const std::uint32_t number = AddonState::of(env).downloads().start(
        std::move(client), std::move(options), info[2].As<Napi::Function>()
    );
    return Napi::Number::New(env, number);
  } catch (const std::system_error& error) {
    // A thread could not be started.
    throw Napi::Error::New(env, error.what());
  }
}

void cancelDownloadFromJs(const Napi::CallbackInfo& info) {
  AddonState::of(info.Env()).downloads().cancel(info[0].ToNumber().Uint32Value());
}

Napi::Value readDownloadFromJs(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return AddonState::of(env).downloads().read(env, info[0].ToNumber().Uint32Value());
}

Napi::Object registerExports(Napi::Env env, Napi::Object exports) {
  AddonState::install(env);
  exports.Set("dodici", Napi::String::New(env, DODICI_VERSION));
  exports.Set("Client", ClientWrap::defineClass(env));
  exports.Set("setLoopThreads", Napi::Function::New(env, setLoopThreadsFromJs, "setLoopThreads"));
  exports.Set("startDownload", Napi::Function::New(env, startDownloadFromJs, "startDownload"));
  exports.Set("cancelDownload", Napi::Function::New(env, cancelDownloadFromJs, "cancelDownload"));
  exports.Set("readDownload", Napi::Function::New(env, readDownloadFromJs, "readDownload"));
  exports.Set("version", Napi::Function::New(env, versionToJs, "version"));
  return exports;
}

}  // namespace
}  // namespace dodici

using dodici::registerExports;
NODE_API_MODULE(dodici, registerExports)
