#include "doorbell.h"

namespace dodici {

Doorbell::Doorbell(Napi::Env env, Answer answer, void* self)
    : env_(env), answer_(answer), self_(self) {
  const auto name = Napi::String::New(env, "dodici");
  for (auto& bell : bells_) {
    const napi_status status = napi_create_threadsafe_function(
        env, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this, &Doorbell::onRung, &bell
    );
    NAPI_THROW_IF_FAILED_VOID(env, status);
    napi_unref_threadsafe_function(env, bell);
  }
}

void Doorbell::ring() noexcept {
  // Whoever finds it rung may rely on an answer() that has not begun yet.
  if (!rung_.exchange(true, std::memory_order_acq_rel)) {
    const auto next = next_.load(std::memory_order_relaxed);
    napi_call_threadsafe_function(bells_[next], nullptr, napi_tsfn_nonblocking);
  }
}

void Doorbell::onRung(napi_env env, napi_value, void* self, void*) {
  // Without an env the event loop is ending and only empties the queue; `self` may be gone then.
  if (env == nullptr) {
    return;
  }
  auto& bell = *static_cast<Doorbell*>(self);
  if (bell.closed_) {
    return;
  }
  // Nobody reads next_ before rung_ is false again.
  bell.next_.store(1 - bell.next_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  bell.rung_.exchange(false, std::memory_order_acq_rel);
  bell.answer_(env, bell.self_);
}

void Doorbell::hold() {
  if (holds_++ == 0 && !closed_) {
    napi_ref_threadsafe_function(env_, bells_[0]);
  }
}

void Doorbell::letGo() {
  if (--holds_ == 0 && !closed_) {
    napi_unref_threadsafe_function(env_, bells_[0]);
  }
}

void Doorbell::close() {
  closed_ = true;
  for (auto* bell : bells_) {
    napi_release_threadsafe_function(bell, napi_tsfn_abort);
  }
}

}  // namespace dodici
