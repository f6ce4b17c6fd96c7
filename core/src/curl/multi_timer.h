// CURLMOPT_TIMERFUNCTION on one coalesced asio timer.
//
// libcurl changes its mind about timeouts several times per request. The deadline is only remembered; the asio timer
// (a timerfd_settime each) is touched when the new deadline is earlier than the one it is armed for.
//
// Threads: loop thread only.
// Owner:   ClientShard.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <optional>

namespace dodici {

class MultiTimer {
 public:
  using Clock = std::chrono::steady_clock;

  // `onWake` runs when a deadline may have passed; it then asks takeDue().
  MultiTimer(boost::asio::io_context& context, std::function<void()> onWake);
  ~MultiTimer();

  // libcurl's wish, from inside its callback: milliseconds, 0 for now, -1 for none.
  void want(long timeoutMs);

  // True once for each wish that is due.
  bool takeDue();

 private:
  struct Waiter;
  void arm();

  std::shared_ptr<Waiter> waiter_;
  boost::asio::steady_timer timer_;
  std::optional<Clock::time_point> deadline_;
  std::optional<Clock::time_point> armedFor_;
  bool dueNow_ = false;
};

}  // namespace dodici
