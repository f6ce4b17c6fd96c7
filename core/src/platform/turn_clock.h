// The monotonic clock stands still on a loop thread while it handles the events of its sockets.
//
// libcurl and asio ask for the time 34 to 49 times per response, at 22 ns each: 0.7 to 1 µs of the 13 µs that a small
// response costs the process. On Linux whatever contains core is linked with --wrap=clock_gettime, and between stop() and
// run() a thread keeps reading the time of the first call. On other platforms the clock always runs.
//
// Threads: each thread has a clock of its own.
// Owner:   LoopThread, for the length of a turn.
#pragma once

namespace dodici {

class TurnClock {
 public:
  static bool canStop() noexcept;
  static void stop() noexcept;
  static void run() noexcept;
};

}  // namespace dodici
