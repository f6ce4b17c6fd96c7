#include "transfer/transfer_state.h"

#include <utility>

namespace dodici {

namespace {

// Each time, a kept connection has just ended. So many in a row cannot be chance.
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
    if (std::exchange(turnedBack_, false)) {
      return repeat(Next::again);
    }
    // Nothing was sent, so any request may use another connection. But a new connection should not fail in this way.
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
    // If the peer made progress, repeat without limit: each time another request was processed, so it ends some day.
    const bool mayRepeat = result.peerProgressed || !std::exchange(refused_, true);
    return mayRepeat ? repeat(Next::again) : Next::fail;
  }
  // The peer may have closed a kept connection before the request reached it; there is no way to know.
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
