// An asio timer that is set again only if it must ring earlier.
//
// Threads: loop thread only.
// Owner:   the waiting object. A wait that is pending when the timer is destroyed does nothing.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

namespace dodici {

class WakeTimer {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  WakeTimer(boost::asio::io_context& context, std::function<void()> onWake);
  ~WakeTimer();

  WakeTimer(const WakeTimer&) = delete;
  WakeTimer& operator=(const WakeTimer&) = delete;

  // Rings once, at `time` or earlier.
  void wakeBy(TimePoint time);

  bool armed() const { return armedFor_.has_value(); }

 private:
  // The state that a pending wait may use after the timer has gone.
  struct Waiter;

  std::shared_ptr<Waiter> waiter_;
  boost::asio::steady_timer timer_;
  std::optional<TimePoint> armedFor_;
};

}  // namespace dodici
