#include "loop/wake_timer.h"

#include <utility>

namespace dodici {

struct WakeTimer::Waiter {
  WakeTimer* timer;
  std::function<void()> onWake;
};

WakeTimer::WakeTimer(boost::asio::io_context& context, std::function<void()> onWake)
    : waiter_(std::make_shared<Waiter>(Waiter{this, std::move(onWake)})), timer_(context) {}

WakeTimer::~WakeTimer() { waiter_->timer = nullptr; }

void WakeTimer::wakeBy(TimePoint time) {
  if (armedFor_ && *armedFor_ <= time) {
    return;
  }
  armedFor_ = time;
  timer_.expires_at(time);
  timer_.async_wait([waiter = waiter_](const boost::system::error_code& error) {
    if (!error && waiter->timer != nullptr) {
      waiter->timer->armedFor_.reset();
      waiter->onWake();
    }
  });
}

}  // namespace dodici
