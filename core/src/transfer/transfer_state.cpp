#include "transfer/transfer_state.h"

#include <utility>

namespace dodici {

namespace {

// Each time a kept connection has ended just then; so many do not, one after the other, without a fault of ours.
constexpr std::uint8_t kMostTurnedAway = 100;

}  // namespace

void TransferState::onRun(bool onKept) {
  phase_ = Phase::running;
  onKept_ = onKept;
}

Action TransferState::onStarted() {
  switch (phase_) {
    case Phase::running:
      phase_ = Phase::sent;
      return Action::goOn;
    case Phase::sent:
      return idempotent_ && !begun_ ? Action::goOn : Action::refuse;
    default:
      return Action::refuse;
  }
}

Action TransferState::onFinalHead() {
  if (phase_ == Phase::answered || phase_ == Phase::ended) {
    return Action::refuse;
  }
  phase_ = Phase::receiving;
  begun_ = true;
  return Action::goOn;
}

Action TransferState::onBodyBytes(bool paused, bool hasRoom) {
  if (phase_ != Phase::receiving) {
    return Action::refuse;
  }
  if (paused) {
    bodyHeld_ = true;
    return Action::holdBody;
  }
  if (!hasRoom) {
    bodyHeld_ = true;
    return Action::holdAndAskRoom;
  }
  return Action::deliver;
}

Action TransferState::onMayFlow(bool paused) {
  if (phase_ != Phase::receiving || paused || !std::exchange(bodyHeld_, false)) {
    return Action::none;
  }
  return Action::letFlow;
}

Action TransferState::onUploadWritten() {
  if (phase_ == Phase::ended || !std::exchange(uploadHeld_, false)) {
    return Action::none;
  }
  return Action::letFlow;
}

bool TransferState::onContinue() { return std::exchange(awaitsContinue_, false); }

TransferState::Next TransferState::onDone(const Result& result) {
  if (whole_ || result.whole || phase_ == Phase::answered) {
    return Next::complete;
  }
  if (phase_ == Phase::running) {
    // Nothing was sent: whatever the request, another connection will do. A new one is nobody's leftover.
    if (!onKept_ || turnedAway_ >= kMostTurnedAway) {
      return Next::fail;
    }
    return repeat(turnedAway_++ == 0 ? Next::again : Next::againElsewhere);
  }
  if (phase_ != Phase::sent || begun_ || !result.replayable) {
    return Next::fail;
  }
  if (result.wantsHttp1) {
    return std::exchange(overHttp1_, true) ? Next::fail : repeat(Next::againOverHttp1);
  }
  if (result.unprocessed) {
    // A connection that ends in good order has served somebody each time: that cannot go on for ever.
    const bool mayRepeat = result.peerProgressed || !std::exchange(refused_, true);
    return mayRepeat ? repeat(Next::again) : Next::fail;
  }
  // A kept connection may have been closed before the request reached it; whether it did, nobody knows.
  if (result.lost && onKept_ && idempotent_ && !std::exchange(lost_, true)) {
    return repeat(Next::againElsewhere);
  }
  return Next::fail;
}

TransferState::Next TransferState::repeat(Next how) {
  phase_ = Phase::waiting;
  awaitsContinue_ = false;
  uploadHeld_ = false;
  return how;
}

bool TransferState::onAnswered() {
  if (phase_ != Phase::receiving || whole_) {
    return false;
  }
  phase_ = Phase::answered;
  return true;
}

bool TransferState::onEnd() { return std::exchange(phase_, Phase::ended) != Phase::ended; }

}  // namespace dodici
