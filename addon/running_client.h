// A core client together with what its requests need on the JavaScript side: their controllers, and what must stay
// alive meanwhile. The JS object (ClientWrap) may be collected first; then the client closes by itself.
//
// Threads: the env's JS thread, except onBatchReady(): any.
// Owner:   EventPump.
#pragma once

#include "doorbell.h"
#include "marshal/batch_to_js.h"

#include <dodici/client.h>
#include <dodici/collector.h>

#include <napi.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace dodici {

class ClientWrap;

class RunningClient final : public EventSink {
 public:
  // Ids index a vector. More requests than this do not fit in JavaScript's memory.
  static constexpr std::uint32_t kMostRequests = 1U << 22;

  // With `collecting` JavaScript gets whole responses.
  RunningClient(
      ClientOptions options,
      std::optional<CollectorOptions> collecting,
      ClientWrap& wrap,
      Doorbell& doorbell
  );
  ~RunningClient() override;

  RunningClient(const RunningClient&) = delete;
  RunningClient& operator=(const RunningClient&) = delete;

  std::uint32_t loopCount() const { return loopCount_; }

  Client& core() { return client_; }

  // REQUIRES: !destroyed(), the id is below kMostRequests and not in flight.
  void submit(Request request);

  // Returns nullptr if no such request is in flight.
  RequestController* find(RequestId id);

  // Sets whether the request keeps the process alive; it does at first. Does nothing if no such request is in flight.
  void setReferenced(RequestId id, bool referenced);

  // Sets whether the response waits for JavaScript to read on. Meanwhile it does not keep the process alive either, as
  // nothing else can come of it.
  void setUnread(RequestId id, bool unread);

  // Of a collecting client: JavaScript waits for this many more responses.
  void want(std::uint32_t count);

  void destroy();

  bool destroyed() const { return destroyed_; }

  // The JS object was collected, so nothing is in flight and nobody can use the client any more.
  void onWrapCollected();

  // The env is ending: like destroy(), but without effects in JavaScript.
  void destroyCore();

  // Whether all loops have closed, so that the object can be deleted without waiting.
  bool closed() const { return destroyed_ && openLoops_ == 0; }

  void onBatchReady() noexcept override;

  // Whether onBatchReady() was called since the last takeWaiting().
  bool takeWaiting() { return waiting_.exchange(false, std::memory_order_acq_rel); }

  // Hands the next batch to JavaScript; returns false if there is none. `batch` only lends its memory.
  bool deliver(napi_env env, EventBatch& batch, BatchToJs& batchToJs);

  // Keeps the process and the JS object alive exactly while an answer is outstanding. Call it whenever that may change.
  void settle();

 private:
  struct InFlight {
    RequestController controller;  // empty if the request is not in flight
    bool referenced = true;
    bool unread = false;

    bool keepsProcess() const { return controller && referenced && !unread; }
  };

  InFlight* findInFlight(RequestId id);
  template <typename F>
  void change(RequestId id, F&& work);
  // Frees what JavaScript may use again once it has read the batch, above all ids.
  void releaseEnded(std::span<const std::uint32_t> words);

  Doorbell& doorbell_;
  ClientWrap* wrap_;

  // Any thread.
  std::atomic<bool> waiting_{false};

  // JS thread only.
  std::vector<InFlight> requests_;  // by request id
  std::uint32_t inFlight_ = 0;
  std::uint32_t keeping_ = 0;  // how many of them keep the process alive
  std::uint32_t openLoops_ = 0;
  bool destroyed_ = false;
  bool holdsObject_ = false;
  bool holdsProcess_ = false;

  // Last, so that they are destroyed first: loop threads call onBatchReady() until then. There is one of the two.
  std::unique_ptr<Collector> collector_;
  std::optional<Client> direct_;
  Client& client_;
  const std::uint32_t loopCount_;
};

}  // namespace dodici
