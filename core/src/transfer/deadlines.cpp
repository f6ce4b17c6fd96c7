#include "transfer/deadlines.h"

#include <algorithm>

namespace dodici {

Deadline::Deadline(Deadlines& deadlines, RequestId id) : deadlines_(deadlines), id_(id) {}

void Deadline::arm(DeadlineKind kind, std::chrono::milliseconds duration, TimePoint now) {
  stop();
  if (duration <= std::chrono::milliseconds::zero()) {
    return;
  }
  kind_ = kind;
  duration_ = duration;
  since_ = now;
  touched_ = false;

  const std::size_t index = Deadlines::tierOf(duration);
  Deadlines::Tier& tier = deadlines_.tiers_[index];
  const TimePoint soon = now + Deadlines::kIntervals[index];
  // The sweep time of an empty tier may be in the past, or left over from deadlines that were stopped.
  tier.nextSweep = tier.armed.empty() ? soon : std::min(tier.nextSweep, soon);
  tier.armed.push_back(*this);
}

void Deadline::stop() {
  if (armed()) {
    unlink();
  }
}

std::size_t Deadlines::tierOf(std::chrono::milliseconds duration) {
  const std::chrono::milliseconds wanted = duration / kSweepsPerDuration;
  std::size_t index = kIntervals.size() - 1;
  while (index > 0 && kIntervals[index] > wanted) {
    --index;
  }
  return index;
}

void Deadlines::sweep(TimePoint now, const OnExpired& onExpired) {
  List expired;
  for (std::size_t i = 0; i < tiers_.size(); ++i) {
    Tier& tier = tiers_[i];
    if (tier.armed.empty() || now < tier.nextSweep) {
      continue;
    }
    tier.nextSweep = now + kIntervals[i];
    for (auto it = tier.armed.begin(); it != tier.armed.end();) {
      Deadline& deadline = *it++;
      if (deadline.touched_) {
        deadline.touched_ = false;
        deadline.since_ = now;
      } else if (now - deadline.since_ >= deadline.duration_) {
        deadline.unlink();
        expired.push_back(deadline);
      }
    }
  }
  // A callback may destroy or arm any deadline. Those that are still in `expired` then leave the list.
  while (!expired.empty()) {
    Deadline& deadline = expired.front();
    expired.pop_front();
    onExpired(deadline.id_, deadline.kind_);
  }
}

std::optional<Deadlines::TimePoint> Deadlines::nextSweep() const {
  std::optional<TimePoint> next;
  for (const Tier& tier : tiers_) {
    if (!tier.armed.empty() && (!next || tier.nextSweep < *next)) {
      next = tier.nextSweep;
    }
  }
  return next;
}

}  // namespace dodici
