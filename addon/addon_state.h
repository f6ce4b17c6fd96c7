// The addon's state for one napi_env: the main thread and each worker have their own.
//
// Threads: the env's JS thread.
// Owner:   the env's instance data. The env cleanup hook shuts it down. Its memory is freed later; wraps and external
//          buffers may be finalized before or after that.
#pragma once

#include "download_pump.h"
#include "event_pump.h"

#include <napi.h>

namespace dodici {

class AddonState {
 public:
  // Makes the env's state. Called once per env, when the addon is loaded.
  static void install(Napi::Env env);

  // REQUIRES: called from a function that JavaScript called, so that the env is alive.
  static AddonState& of(Napi::Env env);

  explicit AddonState(Napi::Env env);

  EventPump& pump() { return pump_; }

  DownloadPump& downloads() { return downloads_; }

 private:
  EventPump pump_;
  DownloadPump downloads_;
};

}  // namespace dodici
