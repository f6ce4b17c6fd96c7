#include "addon_state.h"

#include <memory>

namespace dodici {

AddonState::AddonState(Napi::Env env) : pump_(env) {}

void AddonState::install(Napi::Env env) {
  auto state = std::make_unique<AddonState>(env);
  // Cleanup hooks run last in, first out: this one comes after those of the thread-safe functions were added, so it
  // joins the loop threads while their doorbell still exists.
  napi_add_env_cleanup_hook(
      env, [](void* self) { static_cast<AddonState*>(self)->pump_.shutDown(); }, state.get()
  );
  env.SetInstanceData(state.release());
}

AddonState& AddonState::of(Napi::Env env) { return *env.GetInstanceData<AddonState>(); }

}  // namespace dodici
