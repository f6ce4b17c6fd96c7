#include "doorbell.h"

namespace dodici {

// Outlives the doorbell until libuv has closed the handle.
struct Doorbell::Bell {
  Doorbell* doorbell;
  std::unique_ptr<std::byte[]> memory = std::make_unique<std::byte[]>(uv_handle_size(kUvAsync));
  OnClosed onClosed = nullptr;
  void* data = nullptr;

  explicit Bell(Doorbell* owner) : doorbell(owner) {}

  uv_handle_s* async() const { return reinterpret_cast<uv_handle_s*>(memory.get()); }
};

Doorbell::Doorbell(Napi::Env env, Answer answer, void* self)
    : env_(env), answer_(answer), self_(self) {
  uv_loop_s* loop = nullptr;
  NAPI_THROW_IF_FAILED_VOID(env, napi_get_uv_event_loop(env, &loop));
  auto resource = Napi::Object::New(env);
  NAPI_THROW_IF_FAILED_VOID(
      env, napi_async_init(env, resource, Napi::String::New(env, "dodici"), &context_)
  );
  resource_ = Napi::Persistent(resource);
  bell_ = std::make_unique<Bell>(this);
  if (uv_async_init(loop, bell_->async(), &Doorbell::onRung) != 0) {
    throw Napi::Error::New(env, "no event descriptor left");
  }
  uv_handle_set_data(bell_->async(), bell_.get());
  uv_unref(bell_->async());
}

Doorbell::~Doorbell() = default;

void Doorbell::ring() noexcept { uv_async_send(bell_->async()); }

void Doorbell::onRung(uv_handle_s* async) {
  static_cast<Bell*>(uv_handle_get_data(async))->doorbell->onRungHere();
}

// libuv calls from outside of JavaScript: closing the callback scope is what runs the ticks and microtasks.
void Doorbell::onRungHere() {
  napi_handle_scope handles = nullptr;
  if (napi_open_handle_scope(env_, &handles) != napi_ok) {
    return;
  }
  napi_callback_scope scope = nullptr;
  if (napi_open_callback_scope(env_, resource_.Value(), context_, &scope) == napi_ok) {
    answer_(env_, self_);
    napi_close_callback_scope(env_, scope);
  }
  napi_close_handle_scope(env_, handles);
}

void Doorbell::hold() {
  if (holds_++ == 0 && bell_) {
    uv_ref(bell_->async());
  }
}

void Doorbell::letGo() {
  if (--holds_ == 0 && bell_) {
    uv_unref(bell_->async());
  }
}

void Doorbell::close(OnClosed onClosed, void* data) {
  napi_async_destroy(env_, context_);
  resource_.Reset();
  Bell* const bell = bell_.release();
  bell->onClosed = onClosed;
  bell->data = data;
  uv_close(bell->async(), [](uv_handle_s* async) {
    const std::unique_ptr<Bell> closed(static_cast<Bell*>(uv_handle_get_data(async)));
    closed->onClosed(closed->data);
  });
}

}  // namespace dodici
