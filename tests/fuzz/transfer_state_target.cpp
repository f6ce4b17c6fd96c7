// For any order of events: no forbidden repetition, one terminal event and nothing after it, and no transfer is stuck.
#include "input.h"
#include "transfer/transfer_state.h"

#include <utility>

namespace dodici::fuzz {

namespace {

using Phase = TransferState::Phase;
using Next = TransferState::Next;
using Result = TransferState::Result;

// TransferState, beside a model of what an observer can conclude from the events and the actions.
class Driver {
 public:
  explicit Driver(bool idempotent) : idempotent_(idempotent), state_(idempotent) {}

  void step(Input& input) {
    const Phase before = state_.phase();
    repeated_ = false;
    switch (input.below(14)) {
      case 0:
      case 1:
        if (before == Phase::waiting) {
          run(input.flag());
        }
        break;
      case 2:
      case 3:
        start();
        break;
      case 4:
        if (before == Phase::sent || before == Phase::receiving) {
          state_.onResponseBegun();
          begun_ = true;
        }
        break;
      case 5:
        if (before != Phase::waiting) {
          finalHead();
        }
        break;
      case 6:
        bodyBytes(input.flag(), input.flag());
        break;
      case 7:
        mayFlow(input.flag());
        break;
      case 8:
        if (before == Phase::sent || before == Phase::receiving) {
          state_.onUploadEmpty();
          uploadHeld_ = true;
        }
        break;
      case 9:
        uploadWritten();
        break;
      case 10:
        continues(input.flag());
        break;
      case 11:
      case 12:
        if (before == Phase::running && input.flag()) {
          state_.onTurnedBack();
          turnedBack_ = true;
        }
        done(input.byte());
        break;
      default:
        if (input.flag()) {
          end();
        } else if (head_ && input.flag()) {
          state_.onResponseWhole();
          whole_ = true;
        } else {
          answered();
        }
        break;
    }
    require(
        repeated_ ? state_.phase() == Phase::waiting : state_.phase() >= before,
        "phases only go forward, but for what is sent again"
    );
    require((state_.phase() == Phase::ended) == (terminals_ == 1), "ended is said once");
    require(state_.bodyHeld() == bodyHeld_, "the body is held from a hold to the next flow");
    require(state_.uploadHeld() == uploadHeld_, "so is the upload");
    require(state_.awaitsContinue() == awaitsContinue_, "so is a body that waits for a word");
  }

  void end() {
    if (state_.onEnd()) {
      ++terminals_;
    }
    require(terminals_ == 1, "there is exactly one terminal event");
  }

 private:
  void run(bool onKept) {
    state_.onRun(onKept);
    onKept_ = onKept;
    isSent_ = false;
  }

  // Once by libcurl for each run; an older one may do so again.
  void start() {
    const Phase before = state_.phase();
    const Action action = state_.onStarted();
    const bool allowed =
        before == Phase::running || (before == Phase::sent && idempotent_ && !begun_);
    require(
        action == (allowed ? Action::goOn : Action::refuse),
        "libcurl sends a request once, or again where that is safe"
    );
    isSent_ = isSent_ || allowed;
  }

  void finalHead() {
    const Action action = state_.onFinalHead();
    const bool isTaken = terminals_ == 0 && !answered_;
    require(action == (isTaken ? Action::goOn : Action::refuse), "a head is taken");
    if (isTaken) {
      head_ = true;
      begun_ = true;
    }
  }

  void bodyBytes(bool paused, bool hasRoom) {
    const Action action = state_.onBodyBytes(paused, hasRoom);
    if (!head_ || answered_ || terminals_ > 0) {
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
    const bool flows = bodyHeld_ && !paused && head_ && !answered_ && terminals_ == 0;
    require(action == (flows ? Action::letFlow : Action::none), "what is held flows on");
    bodyHeld_ = bodyHeld_ && !flows;
  }

  void answered() {
    const bool expected = head_ && !whole_ && !answered_ && terminals_ == 0;
    require(state_.onAnswered() == expected, "a response is complete once, behind its head");
    answered_ = answered_ || expected;
  }

  void uploadWritten() {
    const Action action = state_.onUploadWritten();
    const bool flows = uploadHeld_ && terminals_ == 0;
    require(action == (flows ? Action::letFlow : Action::none), "a held upload flows on");
    uploadHeld_ = uploadHeld_ && !flows;
  }

  void continues(bool isWord) {
    if (isWord) {
      require(state_.onContinue() == awaitsContinue_, "the first word is the first");
      awaitsContinue_ = false;
    } else if (state_.phase() == Phase::sent) {
      state_.awaitContinue();
      awaitsContinue_ = true;
    }
  }

  void done(std::uint8_t bits) {
    if (state_.phase() == Phase::waiting || state_.phase() == Phase::ended) {
      return;  // libcurl does not have it
    }
    const Result result{
        .whole = (bits & 1U) != 0,
        .unprocessed = (bits & 2U) != 0,
        .peerProgressed = (bits & 4U) != 0,
        .lost = (bits & 8U) != 0,
        .wantsHttp1 = (bits & 16U) != 0,
        .replayable = (bits & 32U) != 0};
    const Next next = state_.onDone(result);
    require(
        (next == Next::complete) == (whole_ || answered_ || result.whole),
        "a whole response is complete, and no other"
    );
    repeated_ = next != Next::complete && next != Next::fail;
    if (!repeated_) {
      end();
      return;
    }
    require(!begun_ && !head_, "nothing is repeated once something of a response has come");
    if (std::exchange(turnedBack_, false)) {
      require(next == Next::again, "who was turned back waits again");
    } else if (isSent_) {
      repeatsWhatWasSent(next, result);
    } else {
      require(onKept_, "a new connection that fails is an error");
    }
    uploadHeld_ = false;
    awaitsContinue_ = false;
  }

  void repeatsWhatWasSent(Next next, const Result& result) {
    require(result.replayable, "what is sent again can be sent from the start");
    if (next == Next::againOverHttp1) {
      require(result.wantsHttp1 && !std::exchange(overHttp1_, true), "HTTP/1.1 is tried once");
    } else if (result.unprocessed) {
      require(
          result.peerProgressed || !std::exchange(refused_, true), "a refusal is put up with once"
      );
    } else {
      require(
          idempotent_ && onKept_ && result.lost,
          "what may have been processed is repeated only when it is idempotent, and lost on a kept "
          "connection"
      );
      require(!std::exchange(lost_, true), "a loss is put up with once");
    }
  }

  const bool idempotent_;
  TransferState state_;
  bool repeated_ = false;  // by this step
  bool onKept_ = false;
  bool isSent_ = false;  // since it was run last
  bool turnedBack_ = false;
  bool begun_ = false;
  bool head_ = false;
  bool whole_ = false;
  bool answered_ = false;
  bool bodyHeld_ = false;
  bool uploadHeld_ = false;
  bool awaitsContinue_ = false;
  bool overHttp1_ = false;
  bool refused_ = false;
  bool lost_ = false;
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
