#include "addon_state.h"

#include <memory>

namespace dodici {

AddonState::AddonState(Napi::Env env) : pump_(env) {}

void AddonState::install(Napi::Env env) {
  auto state = std::make_unique<AddonState>(env);
  // The event loop must go on until it has let go of the doorbell: that is when the hook is removed.
  const napi_status status = napi_add_async_cleanup_hook(
      env,
      [](napi_async_cleanup_hook_handle hook, void* self) {
        static_cast<AddonState*>(self)->pump_.shutDown(
            [](void* done) {
              napi_remove_async_cleanup_hook(static_cast<napi_async_cleanup_hook_handle>(done));
            },
            hook
        );
      },
      state.get(),
      nullptr
  );
  NAPI_THROW_IF_FAILED_VOID(env, status);
  env.SetInstanceData(state.release());
}

AddonState& AddonState::of(Napi::Env env) { return *env.GetInstanceData<AddonState>(); }

}  // namespace dodici
