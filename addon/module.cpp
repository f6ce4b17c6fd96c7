// The addon's entry point: implements NativeBinding of lib/native/contract.ts.
#include "addon_state.h"
#include "client_wrap.h"

#include <dodici/client.h>

#include <napi.h>

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

Napi::Object registerExports(Napi::Env env, Napi::Object exports) {
  AddonState::install(env);
  exports.Set("dodici", Napi::String::New(env, DODICI_VERSION));
  exports.Set("Client", ClientWrap::defineClass(env));
  exports.Set("setLoopThreads", Napi::Function::New(env, setLoopThreadsFromJs, "setLoopThreads"));
  exports.Set("version", Napi::Function::New(env, versionToJs, "version"));
  return exports;
}

}  // namespace
}  // namespace dodici

using dodici::registerExports;
NODE_API_MODULE(dodici, registerExports)
