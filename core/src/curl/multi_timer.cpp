#include "curl/multi_timer.h"

#include <utility>

namespace dodici {

MultiTimer::MultiTimer(boost::asio::io_context& context, std::function<void()> onWake)
    : onWake_(std::move(onWake)), timer_(context, [this] { onTimer(); }) {}

void MultiTimer::want(long timeoutMs) {
  dueNow_ = timeoutMs == 0;
  deadline_.reset();
  if (timeoutMs > 0) {
    deadline_ = Clock::now() + std::chrono::milliseconds(timeoutMs);
    timer_.wakeBy(*deadline_);
  }
}

bool MultiTimer::takeDue() { return std::exchange(dueNow_, false); }

// The deadline may have moved since the timer was armed.
void MultiTimer::onTimer() {
  if (!deadline_) {
    return;
  }
  if (Clock::now() < *deadline_) {
    timer_.wakeBy(*deadline_);
    return;
  }
  deadline_.reset();
  dueNow_ = true;
  onWake_();
}

}  // namespace dodici
