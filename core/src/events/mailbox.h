// Where one loop's batch waits for the consumer: one slot, so that what is not taken holds the loop back.
//
// Threads: put() on the loop thread, take() on the consumer's.
// Owner:   ClientShard.
#pragma once

#include "dodici/event_batch.h"

#include <mutex>

namespace dodici {

class Mailbox {
 public:
  // Swaps with the slot, which gives an emptied batch back. False when the last batch is not taken yet; the taker
  // then learns that somebody waits.
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
