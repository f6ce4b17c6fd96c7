// Implements NativeClient of lib/native/contract.ts: the JS object around a RunningClient.
//
// Threads: the env's JS thread.
// Owner:   its JS object. The RunningClient may be destroyed before it (closed, or the env ends) or after it.
#pragma once

#include <napi.h>

#include <cstdint>
#include <span>

namespace dodici {

class RequestController;
class RunningClient;

class ClientWrap final : public Napi::ObjectWrap<ClientWrap> {
 public:
  static Napi::Function defineClass(Napi::Env env);

  explicit ClientWrap(const Napi::CallbackInfo& info);
  ~ClientWrap() override;

  // Keep the JS object alive even if nobody refers to it, or let it be collected.
  void keepObject() { napi_reference_ref(Env(), *this, nullptr); }

  void letObjectGo() { napi_reference_unref(Env(), *this, nullptr); }

  // The RunningClient is about to be deleted.
  void onClientClosed() { client_ = nullptr; }

 private:
  void submit(const Napi::CallbackInfo& info);
  void flush(const Napi::CallbackInfo& info);
  void writeBody(const Napi::CallbackInfo& info);
  void endBody(const Napi::CallbackInfo& info);
  Napi::Value giveSocket(const Napi::CallbackInfo& info);
  void breakLink(const Napi::CallbackInfo& info);
  void pause(const Napi::CallbackInfo& info);
  void resume(const Napi::CallbackInfo& info);
  void cancel(const Napi::CallbackInfo& info);
  void setSocket(const Napi::CallbackInfo& info);
  void setReferenced(const Napi::CallbackInfo& info);
  void want(const Napi::CallbackInfo& info);
  void destroy(const Napi::CallbackInfo& info);
  Napi::Value paramsToJs(const Napi::CallbackInfo& info);
  Napi::Value loopCountToJs(const Napi::CallbackInfo& info);

  // The shared numbers; empty if a script has detached their memory.
  std::span<const std::uint32_t> params() const;

  // Returns the request whose id is the first argument; nullptr if it has ended. Throws if the argument is not an id.
  RequestController* requestOf(const Napi::CallbackInfo& info);

  RunningClient* client_ = nullptr;
  std::uint32_t loopCount_ = 0;
  void connect(const Napi::CallbackInfo& info);
  void refuse(const Napi::CallbackInfo& info);
  void setTls(const Napi::CallbackInfo& info);
  napi_ref params_ = nullptr;
};

}  // namespace dodici
