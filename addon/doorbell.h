// Wakes the JS thread of one env, and keeps its event loop alive while there is something to wait for.
//
// It is a pair of thread-safe functions, rung in turns. Node calls a thread-safe function again, up to 1000 times, as
// long as it is rung while it runs, and so a busy loop thread could keep timers and other sockets waiting for half a
// second. What is rung during a callback goes to the other bell, whose turn comes after the event loop's next poll.
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
  // `answer(self)` runs on the JS thread once for any number of ring()s before it; never after close().
  using Answer = void (*)(napi_env env, void* self);
  Doorbell(Napi::Env env, Answer answer, void* self);

  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void ring() noexcept;

  // Counted: the event loop stays alive until each hold() was followed by its letGo().
  void hold();
  void letGo();

  // REQUIRES: nobody rings any more.
  void close();

 private:
  static void onRung(napi_env env, napi_value, void* self, void*);

  // Constant after construction.
  const napi_env env_;
  const Answer answer_;
  void* const self_;

  // Any thread.
  std::array<napi_threadsafe_function, 2> bells_{};
  std::atomic<std::uint32_t> next_{0};
  std::atomic<bool> rung_{false};

  // JS thread only.
  std::uint32_t holds_ = 0;
  bool closed_ = false;
};

}  // namespace dodici
