// Wakes the JS thread of one env, and keeps its event loop alive while there is something to wait for.
//
// It is what a thread-safe function is inside, a uv_async_t, without the queue and its mutex. A loop thread that rings a
// thread-safe function holds that mutex while it wakes the JS thread, which then runs into it: a quarter of the JS
// thread's time on a large download was spent sleeping on it. Besides, Node calls a thread-safe function again, up to
// 1000 times, as long as it is rung while it runs; this is answered once a turn of the event loop.
//
// Threads: ring() any; the rest the env's JS thread.
// Owner:   EventPump. No ring() after close().
#pragma once

#include "uv_async.h"

#include <napi.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace dodici {

class Doorbell {
 public:
  // `answer(self)` runs on the JS thread once for any number of ring()s before it; never after close().
  using Answer = void (*)(napi_env env, void* self);
  Doorbell(Napi::Env env, Answer answer, void* self);
  ~Doorbell();

  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void ring() noexcept;

  // Counted: the event loop stays alive until each hold() was followed by its letGo().
  void hold();
  void letGo();

  // REQUIRES: nobody rings any more, and the env is alive. `onClosed` runs when the event loop has let go, perhaps after
  // this object is gone.
  using OnClosed = void (*)(void* data);
  void close(OnClosed onClosed, void* data);

 private:
  struct Bell;

  static void onRung(uv_handle_s* async);
  void onRungHere();

  // Constant after construction.
  const napi_env env_;
  const Answer answer_;
  void* const self_;
  std::unique_ptr<Bell> bell_;

  // JS thread only.
  napi_async_context context_ = nullptr;
  Napi::ObjectReference resource_;
  std::uint32_t holds_ = 0;
};

}  // namespace dodici
