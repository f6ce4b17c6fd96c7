// Decides what a download asks for, what it makes of each response, and when it is whole. No I/O and no clock.
//
// It begins with a request for the first range ("probing"). A 206 tells the size and what the object is ("ranged"): the
// rest is asked for in parallel, each request with `If-Range`. A 200 brings the whole object in one response ("whole").
// Ranges are only put together if the object has a validator, because otherwise they could be parts of two objects; if
// it has none, or if the server's ranges are not right, the object is asked for without a range ("plain").
//
// The plan adapts to the origin. Ranges that come fast are followed by larger ones. A connection that has nothing left to
// ask for takes over a half of the slowest range. An origin that refuses connections, while it serves others, gets fewer.
//
// If a part of the object is there from an earlier download, the plan is "ranged" from the start. It asks for one range
// until the server has confirmed that the object is still the same; if it is not, the plan begins anew.
//
// Threads: one at a time.
// Owner:   RangeEngine.
#pragma once

#include "bulk/object_facts.h"
#include "bulk/partial_object.h"
#include "dodici/download.h"
#include "dodici/error.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace dodici {

struct RangeRules {
  std::uint64_t rangeSize = 1;
  std::uint32_t concurrency = 1;
  std::uint32_t retries = 0;
  std::chrono::milliseconds retryDelay{0};
  std::chrono::milliseconds maxRetryDelay{0};
  bool restartsIfChanged = false;
  std::uint64_t mostRangeSize =
      0;  // ranges grow up to it while they take little time; they do not below `rangeSize`
};

// A request to send. `slot` names it until its end or failure has been reported.
struct RangeAsk {
  std::uint32_t slot = 0;
  bool isRanged = false;
  std::uint64_t begin = 0;
  std::uint64_t last = 0;
  std::string ifRange;  // empty if there is nothing to compare yet
};

// Where the next bytes of a response belong; size 0 if nowhere.
struct Placed {
  std::uint64_t offset = 0;
  std::size_t size = 0;
};

// Why a download ends before it is whole.
struct PlanFault {
  DownloadEnd end = DownloadEnd::networkFailed;
  std::uint32_t status = 0;
  std::string text;  // of wrongRange and encoded; the location of redirected
  Error error;
};

class RangePlan {
 public:
  // A time since any fixed point.
  using Time = std::chrono::milliseconds;

  RangePlan(RangeRules rules, std::uint32_t seed);

  // Goes on with a part of an object. REQUIRES: called before everything else; side_file.h says what is possible.
  void resume(const PartialObject& object);

  // What is there of the object, and can be gone on with. Nothing if no byte is, or if the object has no validator.
  std::optional<PartialObject> partial() const;

  // How many of the bytes are from resume().
  std::uint64_t resumed() const { return resumed_; }

  // Grows when what was received is given up, so that the next bytes may be of another object.
  std::uint32_t restarts() const { return restarts_; }

  // Bytes behind `end` are not asked for yet.
  void bound(std::uint64_t end) { boundEnd_ = end; }

  // Somebody has seen the first bytes, so that the object cannot be read anew. What would need that fails the download.
  void pin() { isPinned_ = true; }

  // All bytes before it are there, and are right.
  std::uint64_t prefix() const;

  // Returns the next request that is to be sent now, if there is one.
  std::optional<RangeAsk> next(Time now);

  // When next() has returned nothing: the time at which it may return something without any other call.
  std::optional<Time> wakesAt() const;

  // REQUIRES for all: the slot's end has not been reported. The calls about a slot that is not wanted do nothing.
  // `unixNow` is in seconds.
  void onHead(std::uint32_t slot, const ObjectFacts& facts, Time now, std::int64_t unixNow);
  Placed onBytes(std::uint32_t slot, std::size_t size, Time now);
  void onEnd(std::uint32_t slot, Time now);
  void onFailed(std::uint32_t slot, const Error& error, Time now);

  // Requests to cancel. Their end must still be reported.
  std::vector<std::uint32_t> takeDropped();

  bool isWhole() const { return isWhole_; }

  const std::optional<PlanFault>& fault() const { return fault_; }

  bool isOver() const { return isWhole_ || fault_.has_value(); }

  // None while it is not known. It may change as long as the download is not whole.
  std::optional<std::uint64_t> total() const { return total_; }

  std::uint64_t received() const { return received_; }

  std::uint32_t ranges() const { return ranges_; }

  std::uint32_t retries() const { return retries_; }

  const std::string& etag() const { return etag_; }

 private:
  static constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();

  enum class Phase : std::uint8_t { probing, plain, ranged, whole };

  // A request in flight for [begin, end), of which [begin, pos) has come. The response says that it ends at labelEnd.
  struct Slot {
    bool isBusy = false;
    bool isDropped = false;
    bool isRanged = false;
    bool isAnswered = false;
    bool isSized = false;  // its head says how long it is, so that it cannot turn out longer
    std::uint64_t begin = 0;
    std::uint64_t pos = 0;
    std::uint64_t end = 0;
    std::uint64_t labelEnd = 0;
    std::uint32_t attempts = 0;
    Time startedAt{0};

    // If the head has not said how long the body is, all of it may turn out to be wrong.
    std::uint64_t firstMissing() const { return isSized ? pos : begin; }
  };

  // A part that has to be asked for again.
  struct Piece {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint32_t attempts = 0;
    Time notBefore{0};
  };

  RangeAsk open(Piece piece, bool isRanged, Time now);
  std::optional<Piece> takePiece(Time now);
  // Whether what is asked for next, from `begin`, is within the bound.
  bool isInBounds(std::uint64_t begin, std::uint64_t end) const;
  // What has not come, in order.
  std::vector<ByteSpan> missing() const;
  void onFirstHead(Slot& slot, const ObjectFacts& facts, Time now, std::int64_t unixNow);
  void onPartHead(Slot& slot, const ObjectFacts& facts, Time now, std::int64_t unixNow);
  void onOtherStatus(Slot& slot, const ObjectFacts& facts, Time now, std::int64_t unixNow);
  void takeWhole(Slot& slot, const ObjectFacts& facts);
  bool takeFirst(Slot& slot, const ObjectFacts& facts, Time now);
  void takePart(Slot& slot, const ObjectFacts& facts, Time now);
  void setLabel(Slot& slot, std::uint64_t labelEnd, Time now);
  bool isSameObject(const ObjectFacts& facts) const;
  // How large the next range is that nobody has asked for yet.
  std::uint64_t nextSize() const;
  std::optional<Piece> stealPiece(Time now);
  void adaptTo(const Slot& slot, Time now);
  void onCrowded(Slot& slot);
  void complete();
  void retry(Slot& slot, PlanFault why, Time now, Time atLeast = Time{0});
  void retryWrong(Slot& slot, const char* what, Time now);

  std::uint32_t limit() const { return isUnconfirmed_ ? 1 : allowed_; }

  void onChanged();
  void askPlainly();
  void restart();
  void forget();
  void drop(Slot& slot);
  void free(Slot& slot);
  void fail(PlanFault fault);
  Time backOff(std::uint32_t attempts);

  const RangeRules rules_;
  std::minstd_rand random_;

  Phase phase_ = Phase::probing;
  bool isPlain_ = false;       // ask without ranges
  bool hasRestarted_ = false;  // because the object changed
  bool isUnconfirmed_ =
      false;  // an earlier download's object, of which the server has not said that it is this one
  bool isPinned_ = false;
  bool isWhole_ = false;
  std::uint64_t boundEnd_ = kNoEnd;
  std::optional<PlanFault> fault_;

  // What the object is.
  std::optional<std::uint64_t> total_;
  std::string etag_;
  std::string lastModified_;
  std::string validator_;

  std::vector<Slot> slots_;
  std::vector<std::uint32_t> dropped_;
  std::vector<Piece> pieces_;
  std::uint64_t frontier_ = 0;  // everything before it has been asked for
  std::uint32_t live_ = 0;
  std::uint32_t allowed_;
  std::uint32_t ceiling_;           // of allowed_: less than how many were too many
  std::uint32_t sinceCrowded_ = 0;  // ranges since then
  std::uint64_t rangeSize_;
  std::uint32_t attempts_ = 0;  // of a request for the whole object, or for the first range
  Time pausedUntil_{0};
  Time restartAt_{0};

  std::uint64_t received_ = 0;
  std::uint64_t resumed_ = 0;
  std::uint32_t restarts_ = 0;
  std::uint32_t ranges_ = 0;
  std::uint32_t retries_ = 0;
};

}  // namespace dodici
