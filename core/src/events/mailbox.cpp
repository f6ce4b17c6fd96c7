#include "events/mailbox.h"

#include <utility>

namespace dodici {

bool Mailbox::put(EventBatch& batch) {
  const std::lock_guard lock(mutex_);
  if (full_) {
    loopWaits_ = true;
    return false;
  }
  std::swap(slot_, batch);
  full_ = true;
  return true;
}

Mailbox::Taken Mailbox::take(EventBatch& batch) {
  batch.clear();
  const std::lock_guard lock(mutex_);
  if (!full_) {
    return Taken::nothing;
  }
  std::swap(slot_, batch);
  full_ = false;
  return std::exchange(loopWaits_, false) ? Taken::batchAndLoopWaits : Taken::batch;
}

}  // namespace dodici
