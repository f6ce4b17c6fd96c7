// Reads a batch as event_batch.h describes it, without trust: the counterpart of lib/response/batch-reader.ts.
//
// Threads: plain values.
#pragma once

#include "dodici/event_batch.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dodici::fuzz {

struct Record {
  EventType type{};
  std::uint32_t id = 0;
  std::vector<std::uint32_t> numbers;  // numbers that are not lengths
  std::vector<std::string> texts;      // status text; message and socket; origin
  std::vector<std::pair<std::string, std::string>> fields = {};  // headers, trailers
  std::string bytes = {};                                        // of a body

  bool operator==(const Record&) const = default;
};

// Throws Violation if a length points outside, if text or slab is left over, or if the addon's RecordWalk steps
// differently.
std::vector<Record> readRecords(const EventBatch& batch);

}  // namespace dodici::fuzz
