// Wakes the JS thread of one env, and keeps its event loop alive while somebody waits for an answer.
//
// It is a pair of thread-safe functions. They are called at most once for each answer: a flag says that a call is on
// its way, so loop threads never meet at the function's mutex, and its queue never holds more than one call. The two
// take turns, because Node calls a thread-safe function again, up to 1000 times, if it is called while it runs: a busy
// loop thread could keep timers and other sockets waiting. Calls during an answer go to the other function, so there
// are at most two answers per turn of the event loop.
//
// Threads: ring() any; the rest the env's JS thread.
// Owner:   EventPump. No ring() after close().
#pragma once

#include <napi.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace dodici {

class Doorbell {
 public:
  // `answer(self)` runs on the JS thread once for all ring() calls before it, and never after close().
  using Answer = void (*)(napi_env env, void* self);
  Doorbell(Napi::Env env, Answer answer, void* self);

  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void ring() noexcept;

  // Counted: the event loop stays alive until each hold() has been followed by a letGo().
  void hold();
  void letGo();

  // REQUIRES: nobody calls ring() any more, and the env is alive. Node frees the functions when its event loop has
  // released them, perhaps after this object has gone.
  void close();

 private:
  static void onRung(Napi::Env env, Napi::Function none, Doorbell* self, void* nothing);

  using Bell = Napi::TypedThreadSafeFunction<Doorbell, void, &Doorbell::onRung>;

  // Constant after construction.
  const Napi::Env env_;
  const Answer answer_;
  void* const self_;
  std::array<Bell, 2> bells_;

  // Any thread. Only the thread that has set rung_ reads next_, and only the answer to that call writes it.
  std::atomic<bool> rung_{false};
  std::atomic<std::uint32_t> next_{0};

  // JS thread only.
  std::uint32_t holds_ = 0;
  bool closed_ = false;
};

}  // namespace dodici
