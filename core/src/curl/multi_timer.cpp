#include "curl/multi_timer.h"

#include <memory>
#include <utility>

namespace dodici {

// What a pending asio wait may touch after the timer's owner is gone.
struct MultiTimer::Waiter {
  MultiTimer* timer;
  std::function<void()> onWake;
};

MultiTimer::MultiTimer(boost::asio::io_context& context, std::function<void()> onWake)
    : waiter_(std::make_shared<Waiter>(Waiter{this, std::move(onWake)})), timer_(context) {}

MultiTimer::~MultiTimer() { waiter_->timer = nullptr; }

void MultiTimer::want(long timeoutMs) {
  if (timeoutMs < 0) {
    deadline_.reset();
    dueNow_ = false;
    return;
  }
  if (timeoutMs == 0) {
    deadline_.reset();
    dueNow_ = true;
    return;
  }
  dueNow_ = false;
  deadline_ = Clock::now() + std::chrono::milliseconds(timeoutMs);
  if (!armedFor_ || *deadline_ < *armedFor_) {
    arm();
  }
}

bool MultiTimer::takeDue() {
  if (deadline_ && !armedFor_ && Clock::now() >= *deadline_) {
    deadline_.reset();
    dueNow_ = true;
  }
  return std::exchange(dueNow_, false);
}

void MultiTimer::arm() {
  armedFor_ = deadline_;
  timer_.expires_at(*deadline_);
  timer_.async_wait([waiter = waiter_](const boost::system::error_code& error) {
    if (error || waiter->timer == nullptr) {
      return;
    }
    auto& self = *waiter->timer;
    self.armedFor_.reset();
    if (!self.deadline_) {
      return;
    }
    if (Clock::now() < *self.deadline_) {
      self.arm();
      return;
    }
    waiter->onWake();
  });
}

}  // namespace dodici
