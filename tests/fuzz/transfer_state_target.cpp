// Any order of events: one terminal event, nothing after it, and nobody is held without a way on.
#include "input.h"
#include "transfer/transfer_state.h"

namespace dodici::fuzz {

namespace {

using Phase = TransferState::Phase;

// TransferState, and beside it what an observer may conclude from the actions alone.
class Driver {
 public:
  explicit Driver(bool mayRepeat) : mayRepeat_(mayRepeat), state_(mayRepeat) {}

  void step(Input& input) {
    const Phase before = state_.phase();
    switch (input.below(8)) {
      case 0:
        if (before == Phase::waiting) {  // Transfer prepares once
          state_.onRun();
        }
        break;
      case 1:
        start(input.flag());
        break;
      case 2:
        finalHead();
        break;
      case 3:
        bodyBytes(input.flag(), input.flag());
        break;
      case 4:
        mayFlow(input.flag());
        break;
      case 5:
        state_.onUploadEmpty();
        uploadHeld_ = true;
        break;
      case 6:
        uploadWritten();
        break;
      default:
        end();
        break;
    }
    require(state_.phase() >= before, "phases only go forward");
    require((state_.phase() == Phase::ended) == (terminals_ == 1), "ended is said once");
    require(state_.bodyHeld() == bodyHeld_, "the body is held from a hold to the next flow");
    require(state_.uploadHeld() == uploadHeld_, "so is the upload");
  }

  void end() {
    if (state_.onEnd()) {
      ++terminals_;
    }
    require(terminals_ == 1, "there is exactly one terminal event");
  }

 private:
  void start(bool repeatIsSafe) {
    const Phase before = state_.phase();
    const Action action = state_.onStarted(repeatIsSafe);
    const bool allowed =
        before == Phase::running || (before == Phase::sent && (mayRepeat_ || repeatIsSafe));
    require(
        action == (allowed ? Action::goOn : Action::refuse),
        "a request is sent once, or again where that is safe"
    );
  }

  void finalHead() {
    const Action action = state_.onFinalHead();
    require(action == (terminals_ == 0 ? Action::goOn : Action::refuse), "a head is taken");
    head_ = head_ || terminals_ == 0;
  }

  void bodyBytes(bool paused, bool hasRoom) {
    const Action action = state_.onBodyBytes(paused, hasRoom);
    if (!head_ || terminals_ > 0) {
      require(action == Action::refuse, "no bytes before the head or after the end");
      return;
    }
    const Action expected = paused    ? Action::holdBody
                            : hasRoom ? Action::deliver
                                      : Action::holdAndAskRoom;
    require(action == expected, "bytes are delivered, or held for a reason");
    bodyHeld_ = bodyHeld_ || action != Action::deliver;
  }

  void mayFlow(bool paused) {
    const Action action = state_.onMayFlow(paused);
    const bool flows = bodyHeld_ && !paused && head_ && terminals_ == 0;
    require(action == (flows ? Action::letFlow : Action::none), "what is held flows on");
    bodyHeld_ = bodyHeld_ && !flows;
  }

  void uploadWritten() {
    const Action action = state_.onUploadWritten();
    const bool flows = uploadHeld_ && terminals_ == 0;
    require(action == (flows ? Action::letFlow : Action::none), "a held upload flows on");
    uploadHeld_ = uploadHeld_ && !flows;
  }

  const bool mayRepeat_;
  TransferState state_;
  bool head_ = false;
  bool bodyHeld_ = false;
  bool uploadHeld_ = false;
  int terminals_ = 0;
};

}  // namespace

void transferState(Bytes bytes) {
  Input input(bytes);
  Driver driver(input.flag());
  while (!input.empty()) {
    driver.step(input);
  }
  driver.end();
}

}  // namespace dodici::fuzz
