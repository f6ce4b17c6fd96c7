// Turns an EventBatch into the arguments of onBatch in lib/native/contract.ts: one array, one string and few buffers,
// for any number of responses, because one call into V8 costs as much as reading a small response from these.
//
// Threads: the env's JS thread.
// Owner:   EventPump.
#pragma once

#include <dodici/event_batch.h>

#include <node_api.h>

#include <cstddef>
#include <memory>
#include <span>

namespace dodici {

class BatchToJs {
 public:
  // Calls client.onBatch(). An exception of it becomes an uncaught exception. Takes the batch's blocks.
  void call(napi_env env, napi_ref client, EventBatch& batch);

  // Releases the shared array. REQUIRES: the env is alive.
  void reset(napi_env env);

 private:
  // These return false if a call into JavaScript has failed; then an exception may be pending.
  bool callOnBatch(napi_env env, napi_value client, EventBatch& batch);
  bool wordsToJs(napi_env env, const EventBatch& batch, napi_value* words);
  bool growWords(napi_env env, std::size_t count, napi_value* words, void** memory);
  bool blocksToJs(napi_env env, EventBatch& batch, napi_value* blocks);
  bool pieceToJs(
      napi_env env,
      const std::shared_ptr<ByteBlock>& block,
      std::span<std::byte> piece,
      napi_value* buffer
  );

  napi_ref words_ = nullptr;     // the Uint32Array of all calls
  bool externalBuffers_ = true;  // until the runtime refuses them, as Electron does
};

}  // namespace dodici
