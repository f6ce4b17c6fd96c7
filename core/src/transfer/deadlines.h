// Headers and body timeouts: idle timers that are cheap to arm and to touch, but not exact.
//
// Nothing is sorted, and no request has an Asio timer of its own: from time to time a sweep checks all armed deadlines.
// Deadlines of about the same length share a tier, so that one short timeout does not make the sweep check thousands of
// long ones as often.
#pragma once

#include "dodici/request.h"

#include <boost/intrusive/list.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace dodici {

enum class DeadlineKind : std::uint8_t { headers, body };

class Deadlines;

// One request's idle timer: armed for one kind at a time. Disarms itself when destroyed.
//
// Threads: the loop thread.
// Owner:   Transfer. Deadlines outlives it.
class Deadline : public boost::intrusive::list_base_hook<
                     boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  Deadline(Deadlines& deadlines, RequestId id);
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  // Starts or restarts the timer. A duration of 0 means no timeout, the same as stop().
  void arm(DeadlineKind kind, std::chrono::milliseconds duration, TimePoint now);

  // Restarts the full duration after a sign of life. It reads no clock, because it is called for each piece of a body;
  // the next sweep counts it as "now". No effect unless armed.
  void touch() { touched_ = true; }

  void stop();

  bool armed() const { return is_linked(); }

 private:
  friend class Deadlines;

  Deadlines& deadlines_;
  const RequestId id_;
  DeadlineKind kind_ = DeadlineKind::headers;
  bool touched_ = false;
  std::chrono::milliseconds duration_{0};
  TimePoint since_{};
};

// Threads: the loop thread.
// Owner:   the loop; one for all clients it serves.
class Deadlines {
 public:
  using TimePoint = Deadline::TimePoint;
  using OnExpired = std::function<void(RequestId, DeadlineKind)>;

  // A deadline expires late by at most this fraction of its duration, or twice that if it was touched, and never early.
  static constexpr int kSweepsPerDuration = 8;

  Deadlines() = default;
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Disarms each deadline that has passed, and calls `onExpired` for it. The callback may arm, stop and destroy any
  // deadline. Does nothing if nothing is due.
  void sweep(TimePoint now, const OnExpired& onExpired);

  // When to call sweep() next; nothing while no deadline is armed. Only Deadline::arm() can make it earlier.
  std::optional<TimePoint> nextSweep() const;

 private:
  friend class Deadline;
  using List = boost::intrusive::list<Deadline, boost::intrusive::constant_time_size<false>>;

  struct Tier {
    List armed;
    TimePoint nextSweep{};
  };

  static constexpr std::array<std::chrono::milliseconds, 7> kIntervals{
      std::chrono::milliseconds{10},
      std::chrono::milliseconds{20},
      std::chrono::milliseconds{40},
      std::chrono::milliseconds{80},
      std::chrono::milliseconds{160},
      std::chrono::milliseconds{320},
      std::chrono::milliseconds{500}};

  static std::size_t tierOf(std::chrono::milliseconds duration);

  std::array<Tier, kIntervals.size()> tiers_;
};

}  // namespace dodici
