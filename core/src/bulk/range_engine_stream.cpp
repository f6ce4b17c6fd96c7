// What a RangeEngine does for a reader that takes the bytes in order.
#include "bulk/range_engine.h"

namespace dodici {

std::size_t RangeEngine::readStream(std::span<std::byte> into) {
  const std::size_t size = window_.take(into);
  const MutexLock lock(mutex_);
  readerHasTaken_ = true;
  wake_.notify_all();
  return size;
}

// Ranges are asked for only if there is room for them. A response without ranges is held up here: the client's batches
// wait, and so do its connections.
bool RangeEngine::hasRoom() const {
  return !isStream() || plan_.received() <= window_.taken() + options_.window;
}

void RangeEngine::boundPlan() {
  if (isStream()) {
    plan_.bound(window_.taken() + options_.window);
  }
}

void RangeEngine::releasePrefix() {
  if (!isStream() || plan_.fault()) {
    return;
  }
  window_.release(plan_.prefix(), [this](std::span<const std::byte> part) {
    if (streamed_) {
      streamed_->add(part);
    }
  });
  if (window_.released() > 0) {
    plan_.pin();
  }
  if (window_.takeWish()) {
    listener_.onDownloadNews();
  }
}

void RangeEngine::awaitReader() {
  const MutexLock lock(mutex_);
  while (isStream() && window_.taken() < window_.released() && !isCancelled()) {
    wake_.wait(mutex_);
  }
}

}  // namespace dodici
