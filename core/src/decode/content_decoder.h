// Decodes the content codings of a body, the last one first, in bounded memory: few bytes may decode to very many.
//
// Threads: one at a time; the loop thread's.
// Owner:   Transfer.
#pragma once

#include "decode/codings.h"
#include "decode/stage.h"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace dodici {

class ContentDecoder {
 public:
  using Bytes = DecodeStage::Bytes;
  using Room = DecodeStage::Room;

  // REQUIRES: `codings` is not empty.
  explicit ContentDecoder(const Codings& codings);

  enum class Next {
    wantsInput,  // all input is decoded
    wantsRoom,   // `out` is full, and there may be more
    wantsTurn,   // there may be more, but other transfers should go first
    fails,       // see fault()
  };

  struct Step {
    std::size_t read = 0;
    std::size_t written = 0;
    Next next = Next::wantsInput;
  };

  // Decodes as much of `in` as fits into `out`. The caller passes the rest of `in` to the next step.
  // REQUIRES: `out` is not empty; no step has failed.
  Step step(Bytes in, Room out);

  // There is no more input. False: see fault(). REQUIRES: the last step returned wantsInput, or there was no step.
  bool finish();

  // REQUIRES: step() or finish() failed.
  const DecodeFault& fault() const { return *fault_; }

 private:
  // Buffer between two stages.
  static constexpr std::size_t kBetween = 16 * 1024;
  // Most bytes that pass between stages in one step: a body with several codings may take long and decode to nothing.
  static constexpr std::size_t kMostBetween = 1024 * 1024;

  struct Link {
    std::unique_ptr<DecodeStage> stage;
    bool hasMore = false;  // it has filled its buffer, so it may have more
    bool hasEnded = false;
    std::unique_ptr<std::array<std::byte, kBetween>> memory;  // null for the last one
    Bytes decoded;  // in memory, not yet read by the next stage
  };

  bool run(Link& link, Bytes& in, Room& out);
  bool runInner(std::size_t index, Bytes& in);

  std::vector<Link> links_;  // in the order in which the bytes pass them
  const DecodeFault* fault_ = nullptr;
};

}  // namespace dodici
