// How a RangePlan adapts to the origin.
#include "bulk/range_plan.h"

#include <algorithm>

namespace dodici {
namespace {

using Time = RangePlan::Time;

constexpr Time kFast{500};         // for a range
constexpr Time kWorthAHalf{1000};  // the time that a range would still take
constexpr std::uint64_t kLeastHalf = 1024 * 1024;

}  // namespace

std::uint64_t RangePlan::nextSize() const {
  // Large ones only as long as each connection gets two more, so that all end at the same time.
  const std::uint64_t share = (*total_ - frontier_) / (2 * std::uint64_t{rules_.concurrency});
  return std::max(std::min(rangeSize_, share), rules_.rangeSize);
}

void RangePlan::adaptTo(const Slot& slot, Time now) {
  const std::uint64_t size = slot.end - slot.begin;
  if (phase_ == Phase::ranged && size >= rangeSize_ && now - slot.startedAt < kFast) {
    rangeSize_ = std::max(rangeSize_, std::min(rangeSize_ * 2, rules_.mostRangeSize));
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
