#include "transfer/transfer_state.h"

#include <utility>

namespace dodici {

Action TransferState::onStarted(bool repeatIsSafe) {
  switch (phase_) {
    case Phase::running:
      phase_ = Phase::sent;
      return Action::goOn;
    case Phase::sent:
      return mayRepeat_ || repeatIsSafe ? Action::goOn : Action::refuse;
    default:
      return Action::refuse;
  }
}

Action TransferState::onFinalHead() {
  if (phase_ == Phase::ended) {
    return Action::refuse;
  }
  phase_ = Phase::receiving;
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

bool TransferState::onEnd() { return std::exchange(phase_, Phase::ended) != Phase::ended; }

}  // namespace dodici
