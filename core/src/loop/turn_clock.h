// The monotonic clock stands still on a loop thread while it handles what its sockets brought.
//
// libcurl and asio ask for the time 34 to 49 times a response, at 22 ns each: some 0.7 to 1 µs of the 13 µs that a small one
// costs the process. Whatever contains core is linked with --wrap=clock_gettime: while a TurnClock stands, the calling thread
// reads the time of the first question asked since.
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
