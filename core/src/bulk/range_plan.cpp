#include "bulk/range_plan.h"

#include <algorithm>
#include <utility>

namespace dodici {
namespace {

// Whether the same request may succeed a little later.
bool mayPass(const Error& error) {
  switch (error.code) {
    case Errc::connectTimeout:
    case Errc::headersTimeout:
    case Errc::bodyTimeout:
    case Errc::resolveFailed:
    case Errc::connectFailed:
    case Errc::socketClosed:
    case Errc::socketError:
    case Errc::malformedResponse:
    case Errc::lengthMismatch:
    case Errc::streamReset:
    case Errc::goaway:
    case Errc::http2Error:
    case Errc::noStreams:
    case Errc::proxyClosed:
      return true;
    default:
      return false;
  }
}

// After so many ranges one more connection is tried.
constexpr std::uint32_t kRangesToTryMore = 32;

}  // namespace

RangePlan::RangePlan(RangeRules rules, std::uint32_t seed)
    : rules_(rules),
      random_(seed),
      allowed_(rules.concurrency),
      ceiling_(rules.concurrency),
      rangeSize_(rules.rangeSize) {}

std::optional<RangeAsk> RangePlan::next(Time now) {
  if (isOver() || now < pausedUntil_ || live_ >= limit()) {
    return std::nullopt;
  }
  if (phase_ == Phase::ranged) {
    const auto piece = takePiece(now);
    return piece ? std::optional(open(*piece, true, now)) : std::nullopt;
  }
  if (live_ > 0 || now < restartAt_) {
    return std::nullopt;
  }
  const std::uint64_t end = isPlain_ ? kNoEnd : rules_.rangeSize;
  return open({0, end, attempts_, Time{0}}, !isPlain_, now);
}

std::optional<RangePlan::Time> RangePlan::wakesAt() const {
  if (isOver() || live_ >= limit()) {
    return std::nullopt;
  }
  std::optional<Time> earliest;
  const auto consider = [&](Time at) {
    const Time when = std::max(at, pausedUntil_);
    earliest = std::min(earliest.value_or(when), when);
  };
  if (phase_ != Phase::ranged) {
    if (live_ == 0) {
      consider(restartAt_);
    }
    return earliest;
  }
  if (frontier_ < *total_ && isInBounds(frontier_, *total_)) {
    consider(Time{0});
  }
  for (const Piece& piece : pieces_) {
    if (isInBounds(piece.begin, piece.end)) {
      consider(piece.notBefore);
    }
  }
  return earliest;
}

std::optional<RangePlan::Piece> RangePlan::takePiece(Time now) {
  const auto ready = std::find_if(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
    return piece.notBefore <= now && isInBounds(piece.begin, piece.end);
  });
  if (ready != pieces_.end()) {
    Piece piece = *ready;
    if (piece.end - piece.begin > rules_.rangeSize) {
      piece.end = piece.begin + rules_.rangeSize;
      ready->begin = piece.end;
    } else {
      pieces_.erase(ready);
    }
    return piece;
  }
  if (frontier_ >= *total_) {
    return pieces_.empty() ? stealPiece(now) : std::nullopt;
  }
  if (!isInBounds(frontier_, *total_)) {
    return std::nullopt;
  }
  const std::uint64_t begin = frontier_;
  frontier_ += std::min(nextSize(), *total_ - frontier_);
  return Piece{begin, frontier_, 0, Time{0}};
}

bool RangePlan::isInBounds(std::uint64_t begin, std::uint64_t end) const {
  return begin + std::min(rules_.rangeSize, end - begin) <= boundEnd_;
}

RangeAsk RangePlan::open(Piece piece, bool isRanged, Time now) {
  auto free =
      std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return !slot.isBusy; });
  if (free == slots_.end()) {
    free = slots_.insert(slots_.end(), Slot{});
  }
  *free = Slot{};
  free->isBusy = true;
  free->isRanged = isRanged;
  free->begin = piece.begin;
  free->pos = piece.begin;
  free->end = piece.end;
  free->attempts = piece.attempts;
  free->startedAt = now;
  ++live_;
  const auto index = static_cast<std::uint32_t>(free - slots_.begin());
  return {index, isRanged, piece.begin, piece.end - 1, validator_};
}

Placed RangePlan::onBytes(std::uint32_t index, std::size_t size, Time now) {
  Slot& slot = slots_[index];
  if (slot.isDropped) {
    return {};
  }
  const std::uint64_t room = slot.end - slot.pos;
  const bool isExcess = size > room;
  if (isExcess && slot.labelEnd == slot.end) {
    // What has come so far cannot be trusted either.
    received_ -= slot.pos - slot.begin;
    slot.pos = slot.begin;
    retryWrong(slot, "more bytes than the range has", now);
    return {};
  }
  const Placed placed{slot.pos, static_cast<std::size_t>(std::min<std::uint64_t>(size, room))};
  slot.pos += placed.size;
  received_ += placed.size;
  if (slot.pos == slot.end && slot.labelEnd > slot.end) {
    drop(slot);
    complete();
  }
  return placed;
}

void RangePlan::onEnd(std::uint32_t index, Time now) {
  Slot& slot = slots_[index];
  if (slot.isDropped) {
    slot.isBusy = false;
    return;
  }
  if (phase_ == Phase::whole && !total_) {
    total_ = slot.pos;
    slot.end = slot.pos;
  }
  if (slot.pos == slot.end) {
    adaptTo(slot, now);
    free(slot);
    complete();
    return;
  }
  retryWrong(slot, "fewer bytes than the range has", now);
  slot.isBusy = false;
}

void RangePlan::onFailed(std::uint32_t index, const Error& error, Time now) {
  Slot& slot = slots_[index];
  if (slot.isDropped) {
    slot.isBusy = false;
    return;
  }
  if (slot.isAnswered && slot.pos == slot.end) {
    free(slot);
    complete();
    return;
  }
  if (!slot.isAnswered && live_ > 1) {
    onCrowded(slot);
  }
  const PlanFault why{DownloadEnd::networkFailed, 0, {}, error};
  if (mayPass(error)) {
    retry(slot, why, now);
  } else {
    fail(why);
  }
  slot.isBusy = false;
}

void RangePlan::complete() {
  if (++sinceCrowded_ % kRangesToTryMore == 0) {
    ceiling_ = std::min(ceiling_ + 1, rules_.concurrency);
  }
  allowed_ = std::min(allowed_ + 1, ceiling_);
  isWhole_ = phase_ == Phase::whole || received_ == total_;
}

void RangePlan::retryWrong(Slot& slot, const char* what, Time now) {
  retry(slot, {DownloadEnd::wrongRange, 0, what, {}}, now);
}

void RangePlan::retry(Slot& slot, PlanFault why, Time now, Time atLeast) {
  const bool keeps = phase_ == Phase::ranged && !validator_.empty();
  const std::uint32_t attempts = keeps && slot.pos > slot.begin ? 1 : slot.attempts + 1;
  if (attempts > rules_.retries || (isPinned_ && !keeps)) {
    if (why.end == DownloadEnd::wrongRange && !isPlain_ && !isPinned_) {
      askPlainly();
    } else {
      fail(std::move(why));
    }
    return;
  }
  ++retries_;
  const Time when = now + std::max(backOff(attempts), atLeast);
  if (keeps) {
    pieces_.push_back({slot.pos, slot.end, attempts, when});
    drop(slot);
    return;
  }
  restart();
  attempts_ = attempts;
  restartAt_ = when;
}

void RangePlan::onChanged() {
  if (isUnconfirmed_) {
    restart();
    return;
  }
  if (!rules_.restartsIfChanged || hasRestarted_ || isPinned_) {
    fail({DownloadEnd::changed, 0, {}, {}});
    return;
  }
  hasRestarted_ = true;
  ++retries_;
  restart();
}

void RangePlan::askPlainly() {
  isPlain_ = true;
  restart();
}

void RangePlan::restart() {
  for (Slot& slot : slots_) {
    drop(slot);
  }
  forget();
}

// Nothing of what was received, or is known, has a use.
void RangePlan::forget() {
  phase_ = isPlain_ ? Phase::plain : Phase::probing;
  isUnconfirmed_ = false;
  ++restarts_;
  total_.reset();
  etag_.clear();
  lastModified_.clear();
  validator_.clear();
  pieces_.clear();
  frontier_ = 0;
  received_ = 0;
  resumed_ = 0;
  ranges_ = 0;
  attempts_ = 0;
  restartAt_ = Time{0};
}

void RangePlan::drop(Slot& slot) {
  if (slot.isBusy && !slot.isDropped) {
    slot.isDropped = true;
    --live_;
    dropped_.push_back(static_cast<std::uint32_t>(&slot - slots_.data()));
  }
}

void RangePlan::free(Slot& slot) {
  slot.isBusy = false;
  --live_;
}

void RangePlan::fail(PlanFault fault) {
  for (Slot& slot : slots_) {
    if (slot.isBusy && !slot.isDropped) {
      pieces_.push_back({slot.firstMissing(), slot.end, 0, Time{0}});
    }
    drop(slot);
  }
  fault_ = std::move(fault);
}

std::vector<std::uint32_t> RangePlan::takeDropped() { return std::exchange(dropped_, {}); }

RangePlan::Time RangePlan::backOff(std::uint32_t attempts) {
  constexpr std::uint32_t kMostDoublings = 20;
  const std::uint32_t doublings = std::min(attempts - 1, kMostDoublings);
  const Time most =
      std::min<Time>(rules_.retryDelay * (Time::rep{1} << doublings), rules_.maxRetryDelay);
  const Time::rep half = most.count() / 2;
  std::uniform_int_distribution<Time::rep> jitter(0, most.count() - half);
  return Time{half + jitter(random_)};
}

}  // namespace dodici
