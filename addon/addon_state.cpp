#include "addon_state.h"

#include <memory>

namespace dodici {

AddonState::AddonState(Napi::Env env) : pump_(env), downloads_(env) {}

void AddonState::install(Napi::Env env) {
  auto state = std::make_unique<AddonState>(env);
  // Cleanup hooks run in reverse order. This one was added after those of the doorbells' thread-safe functions, so it
  // joins the loop threads while these can still be called.
  env.AddCleanupHook(
      [](AddonState* self) {
        self->downloads_.shutDown();
        self->pump_.shutDown();
      },
      state.get()
  );
  env.SetInstanceData(state.release());
}

AddonState& AddonState::of(Napi::Env env) { return *env.GetInstanceData<AddonState>(); }

}  // namespace dodici
