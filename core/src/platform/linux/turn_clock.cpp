#include "platform/turn_clock.h"

#include <time.h>

extern "C" {

int __real_clock_gettime(clockid_t clock, timespec* time);  // NOLINT
int __wrap_clock_gettime(clockid_t clock, timespec* time);  // NOLINT
}

namespace dodici {

namespace {

// We and asio use CLOCK_MONOTONIC, libcurl CLOCK_MONOTONIC_RAW. They drift apart, so each is read separately.
struct Stopped {
  bool stands = false;
  timespec monotonic{};
  timespec raw{};
};

thread_local constinit Stopped stopped;

timespec* readingOf(clockid_t clock) {
  if (!stopped.stands) {
    return nullptr;
  }
  return clock == CLOCK_MONOTONIC       ? &stopped.monotonic
         : clock == CLOCK_MONOTONIC_RAW ? &stopped.raw
                                        : nullptr;
}

}  // namespace

bool TurnClock::canStop() noexcept { return true; }

void TurnClock::stop() noexcept {
  stopped.stands = true;
  stopped.monotonic = {};
  stopped.raw = {};
}

void TurnClock::run() noexcept { stopped.stands = false; }

}  // namespace dodici

int __wrap_clock_gettime(clockid_t clock, timespec* time) {  // NOLINT
  timespec* const reading = dodici::readingOf(clock);
  if (reading == nullptr) {
    return __real_clock_gettime(clock, time);
  }
  if (reading->tv_sec == 0) {
    if (const int failed = __real_clock_gettime(clock, reading)) {
      return failed;
    }
  }
  *time = *reading;
  return 0;
}
