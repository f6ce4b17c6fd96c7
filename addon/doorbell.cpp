#include "doorbell.h"

namespace dodici {

Doorbell::Doorbell(Napi::Env env, Answer answer, void* self)
    : env_(env), answer_(answer), self_(self) {
  for (Bell& bell : bells_) {
    bell = Bell::New(env, "dodici", 0, 1, this);
    bell.Unref(env);
  }
}

void Doorbell::ring() noexcept {
  // If it is already rung, the answer has not begun yet: the answer clears the flag before it looks for work, and the
  // two exchanges make it see everything that was done before either of them.
  if (!rung_.exchange(true, std::memory_order_acq_rel)) {
    // Node refuses the call only if the process is ending; then nobody waits for an answer.
    static_cast<void>(bells_[next_.load(std::memory_order_relaxed)].NonBlockingCall());
  }
}

void Doorbell::onRung(Napi::Env env, Napi::Function, Doorbell* self, void*) {
  // Without an env Node is only emptying the queue, and the doorbell may be gone.
  const napi_env alive = env;
  if (alive == nullptr || self->closed_) {
    return;
  }
  const auto rung = self->next_.load(std::memory_order_relaxed);
  self->next_.store(1 - rung, std::memory_order_relaxed);
  self->rung_.exchange(false, std::memory_order_acq_rel);
  self->answer_(alive, self->self_);
}

void Doorbell::hold() {
  if (holds_++ == 0 && !closed_) {
    bells_[0].Ref(env_);
  }
}

void Doorbell::letGo() {
  if (--holds_ == 0 && !closed_) {
    bells_[0].Unref(env_);
  }
}

void Doorbell::close() {
  closed_ = true;
  for (const Bell& bell : bells_) {
    static_cast<void>(bell.Abort());
  }
}

}  // namespace dodici
