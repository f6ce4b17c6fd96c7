// A RangePlan, with a server that answers as a test says.
//
// Threads: one at a time.
#pragma once

#include "bulk/range_plan.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dodici {

using Time = RangePlan::Time;

inline constexpr std::uint64_t kSize = 100;

inline RangeRules rules() { return {10, 4, 2, Time{100}, Time{1000}, false}; }

inline ObjectFacts part(std::uint64_t begin, std::uint64_t last, std::uint64_t total = kSize) {
  ObjectFacts facts;
  facts.status = 206;
  facts.etag = "\"v1\"";
  facts.contentRange =
      "bytes " + std::to_string(begin) + "-" + std::to_string(last) + "/" + std::to_string(total);
  facts.contentLength = last - begin + 1;
  return facts;
}

inline ObjectFacts whole(std::optional<std::uint64_t> length) {
  ObjectFacts facts;
  facts.status = 200;
  facts.etag = "\"v1\"";
  facts.contentLength = length;
  return facts;
}

inline ObjectFacts status(std::uint32_t status) {
  ObjectFacts facts;
  facts.status = status;
  return facts;
}

inline Error broken() { return {Errc::socketClosed, 0, "", ""}; }

// A plan, with a server that answers as it should unless a test says otherwise.
class Session {
 public:
  explicit Session(RangeRules given = rules()) : plan(given, 1) {}

  std::vector<RangeAsk> asks() {
    std::vector<RangeAsk> all;
    while (const auto ask = plan.next(time)) {
      all.push_back(*ask);
    }
    return all;
  }

  void answer(const RangeAsk& ask) {
    head(ask, part(ask.begin, std::min(ask.last, kSize - 1)));
    bytes(ask, std::min(ask.last, kSize - 1) - ask.begin + 1);
    plan.onEnd(ask.slot, time);
  }

  void head(const RangeAsk& ask, const ObjectFacts& facts) {
    plan.onHead(ask.slot, facts, time, 0);
  }

  Placed bytes(const RangeAsk& ask, std::size_t size) { return plan.onBytes(ask.slot, size, time); }

  // Answers everything that is asked for, waiting where the plan waits.
  void goOn() {
    for (int round = 0; round < 100 && !plan.isOver(); ++round) {
      for (const RangeAsk& ask : asks()) {
        answer(ask);
      }
      time = plan.wakesAt().value_or(time);
    }
  }

  // Asks for the first range and answers it, so that the plan knows the object.
  void begin() { answer(asks().at(0)); }

  RangePlan plan;
  Time time{1000};
};

}  // namespace dodici
