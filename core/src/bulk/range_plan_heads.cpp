// What a RangePlan makes of the heads of responses.
#include "bulk/range_plan.h"

#include <algorithm>

namespace dodici {
namespace {

constexpr std::uint32_t kOk = 200;
constexpr std::uint32_t kPartial = 206;
constexpr std::uint32_t kTooEarly = 425;
constexpr std::uint32_t kUnsatisfiable = 416;
constexpr std::uint32_t kTimeout = 408;
constexpr std::uint32_t kTooMany = 429;
constexpr std::uint32_t kUnavailable = 503;

bool isRedirect(std::uint32_t status) {
  return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

bool mayPass(std::uint32_t status) {
  return status == kTimeout || status == kTooEarly || status == kTooMany || status == 500 ||
         (status >= 502 && status <= 504);
}

bool isCoded(const ObjectFacts& facts) {
  return !facts.contentEncoding.empty() && facts.contentEncoding != "identity";
}

PlanFault coded(const ObjectFacts& facts) {
  return {DownloadEnd::encoded, facts.status, facts.contentEncoding, {}};
}

}  // namespace

void RangePlan::onHead(
    std::uint32_t index, const ObjectFacts& facts, Time now, std::int64_t unixNow
) {
  Slot& slot = slots_[index];
  if (slot.isDropped) {
    return;
  }
  slot.isAnswered = true;
  slot.isSized = facts.contentLength.has_value();
  if (phase_ == Phase::ranged) {
    onPartHead(slot, facts, now, unixNow);
  } else {
    onFirstHead(slot, facts, now, unixNow);
  }
}

void RangePlan::onFirstHead(Slot& slot, const ObjectFacts& facts, Time now, std::int64_t unixNow) {
  if (facts.status == kOk) {
    takeWhole(slot, facts);
  } else if (facts.status == kPartial && slot.isRanged) {
    if (!takeFirst(slot, facts, now)) {
      askPlainly();
    }
  } else if (facts.status == kPartial) {
    retryWrong(slot, "a part, although the whole object was asked for", now);
  } else if (facts.status == kUnsatisfiable && slot.isRanged) {
    const auto range = parseContentRange(facts.contentRange);
    if (range && range->total == 0) {
      etag_ = facts.etag;
      total_ = 0;
      isWhole_ = true;
      drop(slot);
    } else {
      askPlainly();
    }
  } else if (isRedirect(facts.status) && !facts.location.empty()) {
    fail({DownloadEnd::redirected, facts.status, facts.location, {}});
  } else {
    onOtherStatus(slot, facts, now, unixNow);
  }
}

void RangePlan::onPartHead(Slot& slot, const ObjectFacts& facts, Time now, std::int64_t unixNow) {
  if (facts.status == kPartial) {
    takePart(slot, facts, now);
  } else if (isUnconfirmed_ && facts.status == kOk) {
    forget();
    slot.begin = slot.pos = 0;
    takeWhole(slot, facts);
  } else if (isUnconfirmed_ && isRedirect(facts.status) && !facts.location.empty()) {
    fail({DownloadEnd::redirected, facts.status, facts.location, {}});
  } else if (facts.status == kOk) {
    if (isSameObject(facts) && (!facts.contentLength || facts.contentLength == total_)) {
      retryWrong(slot, "the whole object instead of a range", now);
    } else {
      onChanged();
    }
  } else if (facts.status == kUnsatisfiable) {
    const auto range = parseContentRange(facts.contentRange);
    if (range && range->total == total_ && !isUnconfirmed_) {
      retryWrong(slot, "416 for a range that the object has", now);
    } else {
      onChanged();
    }
  } else {
    onOtherStatus(slot, facts, now, unixNow);
  }
}

void RangePlan::onOtherStatus(
    Slot& slot, const ObjectFacts& facts, Time now, std::int64_t unixNow
) {
  const PlanFault refused{DownloadEnd::refused, facts.status, {}, {}};
  if (!mayPass(facts.status)) {
    fail(refused);
    return;
  }
  const auto asked = facts.retryDelay(unixNow);
  const Time delay = std::min(asked.value_or(Time{0}), rules_.maxRetryDelay);
  if (facts.status == kUnavailable || facts.status == kTooMany) {
    // It wants fewer requests, not only this one later.
    allowed_ = std::max(allowed_ / 2, 1U);
    pausedUntil_ = std::max(pausedUntil_, now + delay);
  }
  retry(slot, refused, now, delay);
}

void RangePlan::takeWhole(Slot& slot, const ObjectFacts& facts) {
  if (isCoded(facts)) {
    fail(coded(facts));
    return;
  }
  phase_ = Phase::whole;
  etag_ = facts.etag;
  total_ = facts.contentLength;
  slot.end = total_.value_or(kNoEnd);
  slot.labelEnd = slot.end;
  ranges_ = 1;
}

// Returns false if the response cannot be used.
bool RangePlan::takeFirst(Slot& slot, const ObjectFacts& facts, Time now) {
  if (isCoded(facts)) {
    fail(coded(facts));
    return true;
  }
  const auto range = parseContentRange(facts.contentRange);
  if (!range || !range->span || !range->total || range->span->begin != 0) {
    return false;
  }
  const std::uint64_t labelEnd = range->span->last + 1;
  const std::string validator = facts.validator();
  if ((facts.contentLength && facts.contentLength != labelEnd) ||
      (validator.empty() && labelEnd != *range->total) ||
      labelEnd > std::max(boundEnd_, slot.end)) {
    return false;
  }
  phase_ = Phase::ranged;
  etag_ = facts.etag;
  lastModified_ = facts.lastModified;
  validator_ = validator;
  total_ = range->total;
  ranges_ = 1;
  // Without a validator the server has sent all of it, however much was asked for.
  slot.end = validator.empty() ? *total_ : std::min(slot.end, *total_);
  frontier_ = slot.end;
  setLabel(slot, labelEnd, now);
  return true;
}

void RangePlan::takePart(Slot& slot, const ObjectFacts& facts, Time now) {
  if (isCoded(facts)) {
    fail(coded(facts));
    return;
  }
  const auto range = parseContentRange(facts.contentRange);
  if (!range || !range->span || range->span->begin != slot.begin) {
    retryWrong(slot, "another range than was asked for", now);
    return;
  }
  if (!etag_.empty() && facts.etag.empty()) {
    retryWrong(slot, "a range without its ETag", now);
    return;
  }
  if (!isSameObject(facts) || (range->total && range->total != total_)) {
    onChanged();
    return;
  }
  isUnconfirmed_ = false;
  const std::uint64_t labelEnd = range->span->last + 1;
  if (labelEnd > *total_ ||
      (facts.contentLength && *facts.contentLength != labelEnd - slot.begin)) {
    retryWrong(slot, "a range that contradicts itself", now);
    return;
  }
  ++ranges_;
  setLabel(slot, labelEnd, now);
}

// If the server sends less than was asked for, the rest is asked for again.
void RangePlan::setLabel(Slot& slot, std::uint64_t labelEnd, Time now) {
  slot.labelEnd = labelEnd;
  if (labelEnd < slot.end) {
    pieces_.push_back({labelEnd, slot.end, 0, now});
    slot.end = labelEnd;
  }
}

// A header that is absent says nothing.
bool RangePlan::isSameObject(const ObjectFacts& facts) const {
  const bool isOtherTag = !facts.etag.empty() && facts.etag != etag_;
  const bool isOtherDate =
      !facts.lastModified.empty() && !lastModified_.empty() && facts.lastModified != lastModified_;
  return !isOtherTag && !isOtherDate;
}

}  // namespace dodici
