// Collects the events of one request until it has ended, and then writes them into a batch as one whole response.
//
// Threads: one at a time.
// Owner:   Collector, which uses the object again for another request with the same id.
#pragma once

#include "dodici/byte_block.h"
#include "dodici/error.h"
#include "dodici/event_batch.h"
#include "events/batch_walk.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dodici {

class WholeResponse {
 public:
  // What is to be done with the request.
  enum class Verdict : std::uint8_t { goOn, cancel };

  // REQUIRES: the record is a responseStart, or carries bytes. A body of more than `most` bytes is too large.
  Verdict onHead(const BatchWalk& head, std::uint32_t most);
  Verdict onBytes(std::span<const std::byte> bytes, std::uint32_t most);

  // Whatever comes, the request will have failed with this.
  Verdict fail(Errc code);

  // REQUIRES: the record is the terminal one. Appends the response, or why there is none, and is then as new. Returns
  // whether the status is of the 200s and the body is whole.
  bool end(const BatchWalk& terminal, EventBatch& batch);

 private:
  void reserve(std::size_t size, std::uint32_t most);
  void appendBody(std::uint32_t id, EventBatch& batch);
  void reset();

  std::vector<std::uint32_t> headWords_;  // the head's record; empty before it comes
  std::string headText_;
  ByteBlock body_;
  std::size_t dropped_ = 0;  // bytes of a body that nobody wants
  bool isWanted_ = false;    // whether the status is of the 200s
  std::optional<Errc> failure_;
};

}  // namespace dodici
