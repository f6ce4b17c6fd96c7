// Headers and body timeouts: idle timers that are cheap to arm and to touch, and only coarsely exact.
//
// Nothing is sorted and no timer is armed for a request: a sweep looks at all that are armed, now and then. Deadlines
// of about the same length share a tier, so that one short timeout does not make thousands of long ones be looked at.
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

  // Starts, or starts anew. A duration of 0 means no timeout: same as stop().
  void arm(DeadlineKind kind, std::chrono::milliseconds duration, TimePoint now);

  // A sign of life: the full duration is to go from here. Takes no clock, because it is called for each piece of
  // body; the next sweep reads it as "now". No effect unless armed.
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

  // A deadline expires at most this share of its duration late, twice that when it was touched, never early.
  static constexpr int kSweepsPerDuration = 8;

  Deadlines() = default;
  Deadlines(const Deadlines&) = delete;
  Deadlines& operator=(const Deadlines&) = delete;

  // Calls `onExpired` for each deadline that has passed, which is disarmed before. The callback may arm, stop and
  // destroy any deadline. Does nothing when nothing is due.
  void sweep(TimePoint now, const OnExpired& onExpired);

  // When to call sweep(); nothing while nothing is armed. It moves to earlier only in Deadline::arm().
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
