// CURLMOPT_TIMERFUNCTION on one coalesced timer.
//
// libcurl changes its mind about timeouts several times per request. The deadline is only remembered; the asio timer
// (a timerfd_settime each) is touched when the new deadline is earlier than the one it is armed for.
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

  // `onWake` runs when a deadline has passed; it then asks takeDue().
  MultiTimer(boost::asio::io_context& context, std::function<void()> onWake);

  // libcurl's wish, from inside its callback: milliseconds, 0 for now, -1 for none.
  void want(long timeoutMs);

  // True once for each wish that is due.
  bool takeDue();

 private:
  void onTimer();

  const std::function<void()> onWake_;
  std::optional<Clock::time_point> deadline_;
  bool dueNow_ = false;
  WakeTimer timer_;
};

}  // namespace dodici
