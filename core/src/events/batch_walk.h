// Steps from record to record through a batch, and finds the text and the bytes of each.
//
// Threads: as EventBatch.
#pragma once

#include "dodici/event_batch.h"
#include "dodici/record_walk.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dodici {

class BatchWalk {
 public:
  explicit BatchWalk(const EventBatch& batch) : batch_(batch), record_(batch.words) {}

  bool more() const { return record_.more(); }

  const RecordWalk& record() const { return record_; }

  // All text of the record, in the order of event_batch.h.
  std::string_view text() const { return {batch_.text.data() + textAt_, textLength()}; }

  // The bytes of a `data` or `dataBlock` record.
  std::span<const std::byte> bytes() const {
    return record_.type() == EventType::data
               ? std::span(batch_.slab.data() + slabAt_, record_.word(0))
               : std::span(
                     batch_.blocks[record_.word(0)].data() + record_.word(1), record_.word(2)
                 );
  }

  void step() {
    textAt_ += textLength();
    slabAt_ += record_.type() == EventType::data ? record_.word(0) : 0;
    record_.step();
  }

 private:
  // Of `count` names and values, whose lengths begin at word `first`.
  std::size_t fieldsLength(std::size_t first, std::size_t count) const {
    std::size_t length = 0;
    for (std::size_t i = 0; i < 2 * count; ++i) {
      length += record_.word(first + i);
    }
    return length;
  }

  std::size_t textLength() const {
    switch (record_.type()) {
      case EventType::responseStart:
        return record_.word(2) + fieldsLength(4, record_.word(3));
      case EventType::end:
      case EventType::answered:
        return fieldsLength(1, record_.word(0));
      case EventType::failed:
        return std::size_t{record_.word(2)} + record_.word(3);
      case EventType::connected:
        return record_.word(0);
      case EventType::disconnected:
        return record_.word(2);
      case EventType::tunnelSocket:
        return std::size_t{record_.word(0)} + record_.word(1);
      case EventType::data:
      case EventType::dataBlock:
      case EventType::requestSent:
      case EventType::bodyWanted:
      case EventType::loopClosed:
      case EventType::peerEnd:
      case EventType::connectionWanted:
      case EventType::decoding:
      case EventType::encodedSize:
        return 0;
    }
    return 0;
  }

  const EventBatch& batch_;
  RecordWalk record_;
  std::size_t textAt_ = 0;
  std::size_t slabAt_ = 0;
};

}  // namespace dodici
