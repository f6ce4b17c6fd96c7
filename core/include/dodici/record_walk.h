// Steps from record to record through EventBatch::words, whose layout is in event_batch.h.
#pragma once

#include "dodici/event_batch.h"
#include "dodici/request.h"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

namespace dodici {

class RecordWalk {
 public:
  explicit RecordWalk(std::span<const std::uint32_t> words) : words_(words) {}

  bool more() const { return at_ < words_.size(); }

  EventType type() const { return static_cast<EventType>(words_[at_]); }

  RequestId id() const { return RequestId{words_[at_ + 1]}; }

  // A word that event_batch.h lists after the id. REQUIRES: records of this type have it.
  std::uint32_t word(std::size_t index) const { return words_[at_ + 2 + index]; }

  // All words of the record.
  std::span<const std::uint32_t> words() const { return words_.subspan(at_, length()); }

  void step() {
    at_ += length();
    assert(at_ <= words_.size());
  }

 private:
  std::size_t length() const {
    switch (type()) {
      case EventType::responseStart:
        return 6 + 2 * std::size_t{words_[at_ + 5]};
      case EventType::data:
        return 3;
      case EventType::dataBlock:
        return 5;
      case EventType::end:
      case EventType::answered:
        return 3 + 2 * std::size_t{words_[at_ + 2]};
      case EventType::failed:
        return 6;
      case EventType::requestSent:
      case EventType::peerEnd:
      case EventType::connectionWanted:
      case EventType::decoding:
        return 2;
      case EventType::bodyWanted:
      case EventType::connected:
        return 3;
      case EventType::tunnelSocket:
      case EventType::encodedSize:
        return 4;
      case EventType::disconnected:
        return 5;
      case EventType::loopClosed:
        return 2;
    }
    assert(!"a record that event_batch.h doesn't know");
    return words_.size();
  }

  std::span<const std::uint32_t> words_;
  std::size_t at_ = 0;
};

}  // namespace dodici
