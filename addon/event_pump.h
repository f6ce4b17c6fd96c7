// Takes the batches of all clients of one env to JavaScript, with one onBatch call for each.
//
// Teardown rules; tests/exit has a case for each.
//  1. An idle client does not keep the process alive: the doorbell holds the event loop only while a client waits for
//     an answer (RunningClient::settle).
//  2. A client whose object is collected is destroyed, and is deleted when all its loops have closed. No thread blocks.
//  3. The env cleanup hook calls shutDown(): it ends the clients first, after which nobody rings, and then the
//     doorbell. It runs before the hooks of the doorbell's thread-safe functions, which close those.
//  4. process.exit() and an uncaught exception on the main thread run no cleanup hook: loop threads run until the
//     process has ended, and ring a doorbell that nobody answers.
//
// Threads: the env's JS thread.
// Owner:   AddonState.
#pragma once

#include "doorbell.h"
#include "marshal/batch_to_js.h"
#include "running_client.h"

#include <dodici/collector.h>
#include <dodici/event_batch.h>
#include <dodici/options.h>

#include <napi.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace dodici {

class EventPump {
 public:
  explicit EventPump(Napi::Env env);

  // The client lives until it is closed, or until shutDown().
  RunningClient& open(
      ClientOptions options, std::optional<CollectorOptions> collecting, ClientWrap& wrap
  );

  // Joins the loop threads. Afterwards no batch is taken and nobody rings. REQUIRES: the env is alive.
  void shutDown();

 private:
  // One answer to the doorbell reads about this many batches; the others wait for the event loop's next turn.
  static constexpr std::size_t kMostBatches = 16;

  void drain(napi_env env);
  // Returns how many batches it read.
  std::size_t drainClient(napi_env env, RunningClient& client);
  void deleteClosed();

  const napi_env env_;

  // Destruction order: clients ring the doorbell until they are destroyed.
  Doorbell doorbell_;
  std::vector<std::unique_ptr<RunningClient>> clients_;

  BatchToJs batchToJs_;
  EventBatch batch_;  // its memory circulates between here and the loop threads
  std::size_t first_ =
      0;  // index of the client whose turn it is, so that busy clients cannot keep others waiting
  bool draining_ = false;
  bool rungMeanwhile_ = false;
};

}  // namespace dodici
