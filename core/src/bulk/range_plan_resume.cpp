// What of the object a RangePlan has: what an earlier download has left, what it leaves itself, what can be read in order.
#include "bulk/range_plan.h"

#include <algorithm>

namespace dodici {
namespace {

// What of [0, size) is not in `spans`, which are in order.
std::vector<ByteSpan> gapsBetween(const std::vector<ByteSpan>& spans, std::uint64_t size) {
  std::vector<ByteSpan> gaps;
  std::uint64_t at = 0;
  for (const ByteSpan& span : spans) {
    if (span.begin > at) {
      gaps.push_back({at, span.begin});
    }
    at = std::max(at, span.end);
  }
  if (at < size) {
    gaps.push_back({at, size});
  }
  return gaps;
}

}  // namespace

void RangePlan::resume(const PartialObject& object) {
  phase_ = Phase::ranged;
  isUnconfirmed_ = true;
  total_ = object.size;
  etag_ = object.etag;
  lastModified_ = object.lastModified;
  validator_ = object.validator;
  frontier_ = object.size;
  std::vector<ByteSpan> gaps = gapsBetween(object.spans, object.size);
  if (gaps.empty()) {
    // The server has to be asked all the same.
    gaps.push_back({object.size - 1, object.size});
  }
  received_ = object.size;
  for (const ByteSpan& gap : gaps) {
    pieces_.push_back({gap.begin, gap.end, 0, Time{0}});
    received_ -= gap.end - gap.begin;
  }
  resumed_ = received_;
}

std::optional<PartialObject> RangePlan::partial() const {
  if (phase_ != Phase::ranged || validator_.empty()) {
    return std::nullopt;
  }
  PartialObject object{*total_, etag_, lastModified_, validator_, gapsBetween(missing(), *total_)};
  return object.spans.empty() ? std::nullopt : std::optional(std::move(object));
}

std::uint64_t RangePlan::prefix() const {
  if (phase_ == Phase::whole) {
    return received_;
  }
  if (phase_ != Phase::ranged) {
    return 0;
  }
  const auto gaps = missing();
  return gaps.empty() ? *total_ : gaps.front().begin;
}

std::vector<ByteSpan> RangePlan::missing() const {
  std::vector<ByteSpan> missing{{frontier_, *total_}};
  for (const Piece& piece : pieces_) {
    missing.push_back({piece.begin, piece.end});
  }
  for (const Slot& slot : slots_) {
    if (slot.isBusy && !slot.isDropped) {
      missing.push_back({slot.firstMissing(), slot.end});
    }
  }
  std::sort(missing.begin(), missing.end(), [](const ByteSpan& a, const ByteSpan& b) {
    return a.begin < b.begin;
  });
  std::erase_if(missing, [](const ByteSpan& span) { return span.begin == span.end; });
  return missing;
}

}  // namespace dodici
