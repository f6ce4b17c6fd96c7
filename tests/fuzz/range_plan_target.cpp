// Whatever a server answers, and in whatever order, RangePlan puts bytes only where they belong and comes to an end. If
// the server tells the truth, what is reported as whole is one version of the object, byte for byte, also if it was begun
// by another download.
#include "bulk/range_plan.h"
#include "input.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dodici::fuzz {

namespace {

constexpr RangePlan::Time kLong{60'000};
constexpr std::size_t kMostSteps = 20'000;
constexpr std::uint32_t kOk = 200;
constexpr std::uint32_t kPartial = 206;
constexpr std::uint32_t kNotFound = 404;
constexpr std::uint32_t kUnsatisfiable = 416;
constexpr std::uint32_t kUnavailable = 503;

struct Object {
  std::uint32_t version = 0;
  std::uint64_t size = 0;

  std::string etag() const { return "\"v" + std::to_string(version) + "\""; }
};

// Names one byte of one version.
std::uint64_t byteOf(std::uint32_t version, std::uint64_t offset) {
  return (std::uint64_t{version} << 32U) | offset;
}

// A request that is in flight, and what is sent for it: the bytes [at, end) of `version`.
struct Exchange {
  RangeAsk ask;
  bool isDropped = false;
  bool hasHead = false;
  std::uint32_t version = 0;
  std::uint64_t at = 0;
  std::uint64_t end = 0;
};

RangeRules rulesFrom(Input& input) {
  RangeRules rules;
  rules.rangeSize = 1 + input.below(16);
  rules.concurrency = 1 + input.below(4);
  rules.retries = input.below(4);
  rules.retryDelay = std::chrono::milliseconds(input.below(100));
  rules.maxRetryDelay = std::chrono::milliseconds(1000);
  rules.restartsIfChanged = input.flag();
  return rules;
}

class Run {
 public:
  explicit Run(Bytes bytes) : input_(bytes), lies_(input_.flag()) {
    rules_.emplace(rulesFrom(input_));
    plan_.emplace(*rules_, 1);
    object_.size = input_.below(64);
  }

  void go() {
    while (!input_.empty() && !plan_->isOver()) {
      step();
      check();
    }
    lies_ = false;
    if (plan_->fault()) {
      dieAndResume();
    }
    for (std::size_t steps = 0; !plan_->isOver(); ++steps) {
      require(steps < kMostSteps, "a server that answers rightly brings it to its end");
      finishRightly();
      check();
    }
    if (plan_->isWhole() && !hasLied_) {
      requireOneVersion();
    }
    // The ends of dropped requests come later, and change nothing.
    const std::uint64_t received = plan_->received();
    while (!live_.empty()) {
      fail(0);
    }
    require(plan_->received() == received, "what comes behind the end changes nothing");
  }

 private:
  void step() {
    switch (input_.below(9)) {
      case 0:
        now_ += std::chrono::milliseconds(input_.below(200));
        break;
      case 1:
        now_ += kLong;
        break;
      case 2:
        if (input_.flag()) {
          object_.version += 1;
          object_.size = input_.below(64);
        }
        break;
      case 3:
        if (!live_.empty()) {
          fail(input_.below(static_cast<std::uint32_t>(live_.size())));
        }
        break;
      case 4:
        ask();
        break;
      case 5:
        dieAndResume();
        break;
      default:
        if (live_.empty()) {
          ask();
        } else {
          goOn(input_.below(static_cast<std::uint32_t>(live_.size())));
        }
        break;
    }
    noteDropped();
  }

  // The process is killed, and another one goes on with what it has left.
  void dieAndResume() {
    const auto part = plan_->partial();
    live_.clear();
    plan_.emplace(*rules_, 1);
    if (part) {
      require(!part->spans.empty(), "there is something to go on with");
      require(part->spans.back().end <= part->size, "it is a part of the object");
      plan_->resume(*part);
    }
  }

  void ask() {
    if (const auto asked = plan_->next(now_)) {
      for (const Exchange& other : live_) {
        require(other.ask.slot != asked->slot, "a slot has one request");
      }
      require(!asked->isRanged || asked->begin <= asked->last, "a range has bytes");
      live_.push_back(Exchange{*asked});
    }
  }

  void goOn(std::size_t index) {
    Exchange& exchange = live_[index];
    if (!exchange.hasHead) {
      answer(exchange, input_.below(8));
    } else if (exchange.at < exchange.end) {
      send(exchange, 1 + input_.below(20));
    } else {
      end(index);
    }
  }

  void finishRightly() {
    now_ += kLong;
    if (live_.empty()) {
      ask();
      require(!live_.empty() || plan_->isOver(), "there is something to ask for");
      return;
    }
    Exchange& exchange = live_.front();
    if (exchange.isDropped) {
      fail(0);
    } else if (!exchange.hasHead) {
      answer(exchange, 0);
    } else if (exchange.at < exchange.end) {
      send(exchange, exchange.end - exchange.at);
    } else {
      end(0);
    }
    noteDropped();
  }

  void answer(Exchange& exchange, std::uint32_t how) {
    ObjectFacts facts;
    facts.etag = object_.etag();
    exchange.hasHead = true;
    exchange.version = object_.version;
    const RangeAsk& ask = exchange.ask;
    // Some servers do not know If-Range; what they send is labelled rightly all the same.
    const bool isCurrent = how == 4 || ask.ifRange.empty() || ask.ifRange == facts.etag;
    if (how == 6) {
      facts.status = input_.flag() ? kUnavailable : kNotFound;
      exchange.at = exchange.end = 0;
    } else if (!ask.isRanged || !isCurrent || how == 5) {
      facts.status = kOk;
      exchange.end = object_.size;
      if (!input_.flag()) {
        facts.contentLength = object_.size;
      }
    } else if (ask.begin >= object_.size) {
      facts.status = kUnsatisfiable;
      facts.contentRange = "bytes */" + std::to_string(object_.size);
    } else {
      facts.status = kPartial;
      exchange.at = ask.begin;
      exchange.end = std::min(ask.last + 1, object_.size);
      if (how == 3) {
        exchange.end = exchange.at + 1;  // a server may send less than was asked for
      }
      facts.contentRange = "bytes " + std::to_string(exchange.at) + "-" +
                           std::to_string(exchange.end - 1) + "/" + std::to_string(object_.size);
      facts.contentLength = exchange.end - exchange.at;
    }
    if (lies_ && how == 7) {
      hasLied_ = true;
      lie(exchange, facts);
    }
    plan_->onHead(ask.slot, facts, now_, 0);
  }

  void lie(Exchange& exchange, ObjectFacts& facts) {
    switch (input_.below(5)) {
      case 0:
        facts.status = kPartial;
        facts.contentRange = "bytes 1-" + std::to_string(1 + input_.below(70)) + "/" +
                             std::to_string(1 + input_.below(70));
        break;
      case 1:
        facts.etag = input_.flag() ? "\"other\"" : "";
        break;
      case 2:
        facts.contentLength = input_.below(70);
        break;
      case 3:
        exchange.end += input_.below(70);
        break;
      default:
        exchange.at = std::min<std::uint64_t>(exchange.end, input_.below(70));
        break;
    }
  }

  void send(Exchange& exchange, std::uint64_t bytes) {
    const std::uint64_t size = std::min(bytes, exchange.end - exchange.at);
    const Placed placed = plan_->onBytes(exchange.ask.slot, static_cast<std::size_t>(size), now_);
    require(!exchange.isDropped || placed.size == 0, "a dropped request places nothing");
    require(placed.size <= size, "no more is placed than came");
    if (file_.size() < placed.offset + placed.size) {
      file_.resize(placed.offset + placed.size);
    }
    for (std::uint64_t i = 0; i < placed.size; ++i) {
      file_[placed.offset + i] = byteOf(exchange.version, exchange.at + i);
    }
    exchange.at += size;
  }

  void end(std::size_t index) {
    const std::uint32_t slot = live_[index].ask.slot;
    live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(index));
    plan_->onEnd(slot, now_);
  }

  void fail(std::size_t index) {
    const std::uint32_t slot = live_[index].ask.slot;
    live_.erase(live_.begin() + static_cast<std::ptrdiff_t>(index));
    plan_->onFailed(slot, Error{Errc::socketClosed, 0, {}, {}}, now_);
  }

  void noteDropped() {
    for (const std::uint32_t slot : plan_->takeDropped()) {
      for (Exchange& exchange : live_) {
        exchange.isDropped = exchange.isDropped || exchange.ask.slot == slot;
      }
    }
  }

  void check() const {
    const auto total = plan_->total();
    require(!total || plan_->received() <= *total, "no more has come than there is");
    require(!plan_->isWhole() || plan_->received() == total, "what is whole has all bytes");
    require(!plan_->isWhole() || !plan_->fault(), "it ends in one way");
    require(!plan_->isOver() || !plan_->wakesAt(), "what is over wants nothing");
  }

  void requireOneVersion() const {
    const std::uint64_t total = *plan_->total();
    require(file_.size() >= total, "all bytes are there");
    for (std::uint64_t i = 0; i < total; ++i) {
      require(
          file_[i] == byteOf(static_cast<std::uint32_t>(file_[0] >> 32U), i), "it is one version"
      );
    }
  }

  Input input_;
  bool lies_;
  bool hasLied_ = false;
  std::optional<RangeRules> rules_;
  std::optional<RangePlan> plan_;
  RangePlan::Time now_{0};
  Object object_;
  std::vector<Exchange> live_;
  std::vector<std::uint64_t> file_;
};

}  // namespace

void rangePlan(Bytes bytes) { Run(bytes).go(); }

}  // namespace dodici::fuzz
