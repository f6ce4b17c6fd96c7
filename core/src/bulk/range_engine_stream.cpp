// What a RangeEngine does for a reader that takes the bytes in order.
#include "bulk/range_engine.h"

namespace dodici {

std::size_t RangeEngine::readStream(std::span<std::byte> into) {
  const std::size_t size = readAhead_.take(into);
  const MutexLock lock(mutex_);
  readerHasTaken_ = true;
  wake_.notify_all();
  return size;
}

// Ranges are asked for only if there is room for them. A response without ranges is held up here: the client's batches
// wait, and so do its connections.
bool RangeEngine::hasRoom() const {
  return !isStream() || plan_.received() <= readAhead_.taken() + options_.window;
}

void RangeEngine::boundPlan() {
  if (isStream()) {
    plan_.bound(readAhead_.taken() + options_.window);
  }
}

void RangeEngine::releasePrefix() {
  if (!isStream() || plan_.fault()) {
    return;
  }
  readAhead_.release(plan_.prefix(), [this](std::span<const std::byte> part) {
    if (streamed_) {
      streamed_->add(part);
    }
  });
  if (readAhead_.released() > 0) {
    plan_.pin();
  }
  if (readAhead_.takeWish()) {
    listener_.onDownloadNews();
  }
}

void RangeEngine::awaitReader() {
  const MutexLock lock(mutex_);
  while (isStream() && readAhead_.taken() < readAhead_.released() && !isCancelled()) {
    wake_.wait(mutex_);
  }
}

}  // namespace dodici
