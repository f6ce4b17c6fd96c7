#include "client_wrap.h"

#include "addon_state.h"
#include "marshal/options_from_js.h"
#include "marshal/request_from_js.h"
#include "running_client.h"

#include <cerrno>
#include <cmath>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace dodici {

namespace {

// REQUIRES: requestOf(info) has returned a request.
RequestId idIn(const Napi::CallbackInfo& info) {
  return RequestId{info[0].As<Napi::Number>().Uint32Value()};
}

}  // namespace

Napi::Function ClientWrap::defineClass(Napi::Env env) {
  return DefineClass(
      env,
      "Client",
      {
          InstanceMethod<&ClientWrap::submit>("submit"),
          InstanceMethod<&ClientWrap::connect>("connect"),
          InstanceMethod<&ClientWrap::refuse>("refuse"),
          InstanceMethod<&ClientWrap::setTls>("setTls"),
          InstanceMethod<&ClientWrap::flush>("flush"),
          InstanceMethod<&ClientWrap::writeBody>("writeBody"),
          InstanceMethod<&ClientWrap::endBody>("endBody"),
          InstanceMethod<&ClientWrap::giveSocket>("giveSocket"),
          InstanceMethod<&ClientWrap::breakLink>("breakLink"),
          InstanceMethod<&ClientWrap::pause>("pause"),
          InstanceMethod<&ClientWrap::resume>("resume"),
          InstanceMethod<&ClientWrap::cancel>("cancel"),
          InstanceMethod<&ClientWrap::setSocket>("setSocket"),
          InstanceMethod<&ClientWrap::setReferenced>("setReferenced"),
          InstanceMethod<&ClientWrap::want>("want"),
          InstanceMethod<&ClientWrap::destroy>("destroy"),
          InstanceAccessor<&ClientWrap::paramsToJs>("params"),
          InstanceAccessor<&ClientWrap::loopCountToJs>("loopCount"),
      }
  );
}

ClientWrap::ClientWrap(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  const Napi::Env env = info.Env();
  std::string complaint;
  ClientOptions options = optionsFromJs(info[0], complaint);
  std::optional<CollectorOptions> collecting;
  if (!info[1].IsUndefined()) {
    collecting = collectorFromJs(info[1], complaint);
  }
  if (!complaint.empty()) {
    throw Napi::TypeError::New(env, complaint);
  }
  const auto params = Napi::Uint32Array::New(env, kParamCount);
  NAPI_THROW_IF_FAILED_VOID(env, napi_create_reference(env, params, 1, &params_));
  try {
    client_ = &AddonState::of(env).pump().open(std::move(options), collecting, *this);
  } catch (const std::exception& error) {
    // A loop thread could not be started.
    napi_delete_reference(env, params_);
    throw Napi::Error::New(env, error.what());
  }
  loopCount_ = client_->loopCount();
}

ClientWrap::~ClientWrap() {
  if (client_ != nullptr) {
    client_->onWrapCollected();
  }
  napi_delete_reference(Env(), params_);
}

std::span<const std::uint32_t> ClientWrap::params() const {
  napi_value array = nullptr;
  std::size_t length = 0;
  void* data = nullptr;
  if (napi_get_reference_value(Env(), params_, &array) != napi_ok ||
      napi_get_typedarray_info(Env(), array, nullptr, &length, &data, nullptr, nullptr) !=
          napi_ok) {
    return {};
  }
  return {static_cast<const std::uint32_t*>(data), length};
}

void ClientWrap::submit(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (client_ == nullptr || client_->destroyed()) {
    throw Napi::Error::New(env, "The client is destroyed");
  }
  const auto numbers = params();
  if (numbers.size() != kParamCount) {
    throw Napi::TypeError::New(env, "the memory of params was transferred");
  }
  Request request;
  if (const Complaint complaint =
          requestFromJs(env, numbers.first<kParamCount>(), info[0], info[1], request)) {
    throw Napi::TypeError::New(env, complaint);
  }
  if (static_cast<std::uint32_t>(request.id) >= RunningClient::kMostRequests) {
    throw Napi::RangeError::New(env, "id is too large");
  }
  if (client_->find(request.id) != nullptr) {
    throw Napi::RangeError::New(env, "id is in use");
  }
  client_->submit(std::move(request));
}

void ClientWrap::connect(const Napi::CallbackInfo& info) {
  std::string complaint;
  ConnectionPlan plan = planFromJs(info[1], complaint);
  if (!complaint.empty()) {
    throw Napi::TypeError::New(info.Env(), complaint);
  }
  if (const RequestController* request = requestOf(info)) {
    client_->core().connect(*request, std::move(plan));
  }
}

void ClientWrap::refuse(const Napi::CallbackInfo& info) {
  if (const RequestController* request = requestOf(info)) {
    client_->core().refuse(*request);
  }
}

void ClientWrap::setTls(const Napi::CallbackInfo& info) {
  std::string complaint;
  TlsOptions tls = tlsFromJs(info[0], complaint);
  TlsOptions proxyTls = tlsFromJs(info[1], complaint);
  if (!complaint.empty()) {
    throw Napi::TypeError::New(info.Env(), complaint);
  }
  if (client_ != nullptr) {
    client_->core().setTls(std::move(tls), std::move(proxyTls));
  }
}

void ClientWrap::flush(const Napi::CallbackInfo&) {
  if (client_ != nullptr) {
    client_->core().flush();
  }
}

void ClientWrap::writeBody(const Napi::CallbackInfo& info) {
  RequestController* request = requestOf(info);
  auto bytes = bytesFromJs(info.Env(), info[1]);
  if (!bytes) {
    throw Napi::TypeError::New(info.Env(), "bytes must be a Uint8Array");
  }
  if (request != nullptr) {
    client_->core().writeBody(*request, *std::move(bytes));
  }
}

void ClientWrap::endBody(const Napi::CallbackInfo& info) {
  if (RequestController* request = requestOf(info)) {
    client_->core().endBody(*request);
  }
}

Napi::Value ClientWrap::giveSocket(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const RequestController* const request = requestOf(info);
  const std::uint32_t link = info[1].IsNumber() ? info[1].As<Napi::Number>().Uint32Value() : 0;
  if (link == 0) {
    throw Napi::TypeError::New(env, "link must be a positive number");
  }
  if (request == nullptr) {
    return Napi::Number::New(env, -1);
  }
  const int descriptor = client_->core().giveSocket(*request, link, info[2].ToBoolean());
  if (descriptor < 0) {
    const std::error_code code(errno, std::generic_category());
    throw Napi::Error::New(env, "socketpair: " + code.message());
  }
  return Napi::Number::New(env, descriptor);
}

void ClientWrap::breakLink(const Napi::CallbackInfo& info) {
  if (client_ != nullptr && info[0].IsNumber()) {
    client_->core().breakLink(info[0].As<Napi::Number>().Uint32Value());
  }
}

void ClientWrap::pause(const Napi::CallbackInfo& info) {
  if (RequestController* request = requestOf(info)) {
    request->requestPause();
    client_->setUnread(idIn(info), info[1].ToBoolean());
  }
}

void ClientWrap::resume(const Napi::CallbackInfo& info) {
  if (RequestController* request = requestOf(info)) {
    request->requestResume();
    client_->setUnread(idIn(info), false);
  }
}

void ClientWrap::cancel(const Napi::CallbackInfo& info) {
  if (RequestController* request = requestOf(info)) {
    request->requestCancel();
  }
}

void ClientWrap::setSocket(const Napi::CallbackInfo& info) {
  if (const RequestController* request = requestOf(info)) {
    const SocketSetting setting{info[1].ToNumber().Uint32Value()};
    client_->core().setSocket(*request, setting, info[2].ToNumber().Uint32Value());
  }
}

void ClientWrap::setReferenced(const Napi::CallbackInfo& info) {
  if (requestOf(info) != nullptr) {
    client_->setReferenced(idIn(info), info[1].ToBoolean());
  }
}

void ClientWrap::want(const Napi::CallbackInfo& info) {
  if (client_ != nullptr && info[0].IsNumber()) {
    client_->want(info[0].As<Napi::Number>().Uint32Value());
  }
}

void ClientWrap::destroy(const Napi::CallbackInfo&) {
  if (client_ != nullptr) {
    client_->destroy();
  }
}

Napi::Value ClientWrap::paramsToJs(const Napi::CallbackInfo& info) {
  napi_value params = nullptr;
  napi_get_reference_value(info.Env(), params_, &params);
  return Napi::Value(info.Env(), params);
}

Napi::Value ClientWrap::loopCountToJs(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), loopCount_);
}

RequestController* ClientWrap::requestOf(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), "id must be a number");
  }
  const double id = info[0].As<Napi::Number>().DoubleValue();
  if (!(id >= 0 && id < RunningClient::kMostRequests && std::trunc(id) == id)) {
    throw Napi::RangeError::New(info.Env(), "id must be a small integer");
  }
  return client_ == nullptr ? nullptr : client_->find(RequestId{static_cast<std::uint32_t>(id)});
}

}  // namespace dodici
