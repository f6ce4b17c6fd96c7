// An asio timer that is touched only when it must ring earlier than it is set to.
//
// Threads: loop thread only.
// Owner:   whoever waits; a wait that is pending when the timer is destroyed does nothing.
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

  // Rings at `time` at the latest, once.
  void wakeBy(TimePoint time);

  bool armed() const { return armedFor_.has_value(); }

 private:
  // What a pending wait may touch when the timer is gone.
  struct Waiter;

  std::shared_ptr<Waiter> waiter_;
  boost::asio::steady_timer timer_;
  std::optional<TimePoint> armedFor_;
};

}  // namespace dodici
