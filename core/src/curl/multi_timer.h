// Implements CURLMOPT_TIMERFUNCTION with one asio timer.
//
// libcurl changes its timeout several times per request. We only remember the deadline. The asio timer (a
// timerfd_settime for each change) is set again only if the new deadline is earlier.
//
// Threads: loop thread only.
// Owner:   ClientShard.
#pragma once

#include "loop/wake_timer.h"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace dodici {

class MultiTimer {
 public:
  using Clock = std::chrono::steady_clock;

  // `onWake` is called when a deadline has passed; then call takeDue().
  MultiTimer(boost::asio::io_context& context, std::function<void()> onWake);

  // Sets libcurl's timeout in milliseconds: 0 means now, -1 none. Called inside its callback.
  void want(long timeoutMs);

  // Returns true once for each timeout that has passed.
  bool takeDue();

 private:
  void onTimer();

  const std::function<void()> onWake_;
  std::optional<Clock::time_point> deadline_;
  bool dueNow_ = false;
  WakeTimer timer_;
};

}  // namespace dodici
