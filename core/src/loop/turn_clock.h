// The monotonic clock stands still on a loop thread while it handles what its sockets brought.
//
// libcurl asks for the time over and over, ten times and more per response, and clock_gettime() was 6 % of the loop. Whatever
// contains core is linked with --wrap=clock_gettime: while a TurnClock stands, the calling thread reads the time of the
// first question asked since.
//
// Threads: each thread has a clock of its own.
// Owner:   LoopThread, for the length of a turn.
#pragma once

namespace dodici {

class TurnClock {
 public:
  static void stop() noexcept;
  static void run() noexcept;
};

}  // namespace dodici
