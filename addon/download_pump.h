// Runs the downloads of one env, and tells JavaScript how they go.
//
// Threads: the env's JS thread.
// Owner:   AddonState, whose cleanup hook shuts it down. Until then a running download keeps the process alive.
#pragma once

#include "doorbell.h"

#include <dodici/download.h>

#include <napi.h>

#include <cstdint>
#include <map>
#include <memory>

namespace dodici {

class DownloadPump {
 public:
  explicit DownloadPump(Napi::Env env);
  ~DownloadPump();

  // Returns the download's number. `onNews(received, total, resumed, result)` is called for progress and, with a result, for the
  // end. It must not throw.
  std::uint32_t start(ClientOptions client, DownloadOptions options, Napi::Function onNews);

  // Does nothing if there is no such download any more.
  void cancel(std::uint32_t number);

  // The next bytes of a download to a stream, as a Buffer; undefined if there are none now. Then `onNews` is called when
  // there are some.
  Napi::Value read(Napi::Env env, std::uint32_t number);

  // Cancels all, and waits until nothing remains of them. JavaScript is not told. REQUIRES: the env is alive.
  void shutDown();

 private:
  class Running;

  void drain(napi_env env);

  Doorbell doorbell_;
  std::map<std::uint32_t, std::unique_ptr<Running>> running_;
  std::uint32_t last_ = 0;
};

}  // namespace dodici
