// How a RangePlan adapts to the origin.
#include "bulk/range_plan.h"

#include <algorithm>

namespace dodici {
namespace {

using Time = RangePlan::Time;

constexpr Time kAimed{5000};      // for a range; then a request's round trip costs little
constexpr Time kWorthAHalf{100};  // the time that a range would still take
constexpr std::uint64_t kLeastHalf = 1024 * 1024;

}  // namespace

std::uint64_t RangePlan::nextSize() const {
  // What is left is shared out evenly, so that all connections end at about the same time.
  std::uint64_t left = *total_ - frontier_;
  for (const Slot& slot : slots_) {
    left += slot.isBusy && !slot.isDropped ? slot.end - slot.pos : 0;
  }
  const std::uint64_t share = left / rules_.concurrency;
  return std::max(std::min(rangeSize_, share), rules_.rangeSize);
}

void RangePlan::adaptTo(const Slot& slot, Time now) {
  const std::uint64_t size = slot.end - slot.begin;
  const Time took = std::max(now - slot.startedAt, Time{1});
  if (phase_ == Phase::ranged && size >= rangeSize_ && took < kAimed) {
    const auto factor = static_cast<std::uint64_t>(kAimed / took);
    rangeSize_ = std::max(rangeSize_, std::min(rangeSize_ * factor, rules_.mostRangeSize));
  }
}

// A connection is free, and everything has been asked for: it takes a half of what would take longest.
std::optional<RangePlan::Piece> RangePlan::stealPiece(Time now) {
  Slot* slowest = nullptr;
  double longest = static_cast<double>(kWorthAHalf.count());
  for (Slot& slot : slots_) {
    const std::uint64_t left = slot.end - slot.pos;
    if (!slot.isBusy || slot.isDropped || left < 2 * kLeastHalf || validator_.empty()) {
      continue;
    }
    const auto spent = static_cast<double>((now - slot.startedAt).count());
    const auto come = static_cast<double>(std::max<std::uint64_t>(slot.pos - slot.begin, 1));
    const double takes = spent * static_cast<double>(left) / come;
    if (takes > longest) {
      longest = takes;
      slowest = &slot;
    }
  }
  if (slowest == nullptr) {
    return std::nullopt;
  }
  const std::uint64_t end = slowest->end;
  slowest->end = slowest->pos + (end - slowest->pos) / 2;
  return Piece{slowest->end, end, 0, Time{0}};
}

// A request has failed before its response, while others are served.
void RangePlan::onCrowded(Slot& slot) {
  ceiling_ = std::max(live_ - 1, 1U);
  sinceCrowded_ = 0;
  allowed_ = std::clamp(allowed_ / 2, 1U, ceiling_);
  // It is not the range's fault.
  slot.attempts -= std::min(slot.attempts, 1U);
}

}  // namespace dodici
