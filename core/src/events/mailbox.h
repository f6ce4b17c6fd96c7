// Where one loop's batch waits for the consumer. There is one slot, so a slow consumer holds the loop back.
//
// Threads: put() on the loop thread, take() on the consumer's.
// Owner:   ClientShard.
#pragma once

#include "dodici/event_batch.h"

#include <mutex>

namespace dodici {

class Mailbox {
 public:
  // Swaps `batch` with the emptied batch in the slot. Returns false if the last batch was not taken yet; its taker then
  // learns that the loop waits.
  bool put(EventBatch& batch);

  enum class Taken { nothing, batch, batchAndLoopWaits };

  Taken take(EventBatch& batch);

 private:
  std::mutex mutex_;
  EventBatch slot_;
  bool full_ = false;
  bool loopWaits_ = false;
};

}  // namespace dodici
