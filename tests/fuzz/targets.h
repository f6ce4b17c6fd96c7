// The parts that read bytes from the network, or that must work for any order of events, each as a function of
// arbitrary bytes. libFuzzer (fuzzer.cpp) runs them and, in each test run, fuzz_test.cpp.
//
// Threads: the calling thread; each run makes what it needs anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dodici::fuzz {

using Bytes = std::span<const std::uint8_t>;

// A broken promise. libFuzzer reports any escaping exception as a crash.
class Violation : public std::logic_error {
  using std::logic_error::logic_error;
};

inline void require(bool holds, const char* promise) {
  if (!holds) {
    throw Violation(promise);
  }
}

void headerBlock(Bytes bytes);
void chunkCheck(Bytes bytes);
void requestText(Bytes bytes);
void switchResponse(Bytes bytes);
void transferState(Bytes bytes);
void originQueue(Bytes bytes);
void eventBatcher(Bytes bytes);
void contentDecoder(Bytes bytes);
void rangePlan(Bytes bytes);
void sideFile(Bytes bytes);

struct Target {
  std::string_view name;  // of its corpus folder, too
  void (*run)(Bytes);
};

inline constexpr std::array<Target, 10> kTargets{{
    {"header-block", headerBlock},
    {"chunk-check", chunkCheck},
    {"request-text", requestText},
    {"switch-response", switchResponse},
    {"transfer-state", transferState},
    {"origin-queue", originQueue},
    {"event-batcher", eventBatcher},
    {"content-decoder", contentDecoder},
    {"range-plan", rangePlan},
    {"side-file", sideFile},
}};

}  // namespace dodici::fuzz
