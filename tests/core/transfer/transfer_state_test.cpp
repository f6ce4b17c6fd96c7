#include "transfer/transfer_state.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ostream>

namespace dodici {

std::ostream& operator<<(std::ostream& out, Action action) {
  switch (action) {
    case Action::none:
      return out << "none";
    case Action::deliver:
      return out << "deliver";
    case Action::holdBody:
      return out << "holdBody";
    case Action::holdAndAskRoom:
      return out << "holdAndAskRoom";
    case Action::letFlow:
      return out << "letFlow";
    case Action::refuse:
      return out << "refuse";
    case Action::goOn:
      return out << "goOn";
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, TransferState::Next next) {
  switch (next) {
    case TransferState::Next::complete:
      return out << "complete";
    case TransferState::Next::fail:
      return out << "fail";
    case TransferState::Next::again:
      return out << "again";
    case TransferState::Next::againElsewhere:
      return out << "againElsewhere";
    case TransferState::Next::againOverHttp1:
      return out << "againOverHttp1";
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, const TransferState::Result& result) {
  const auto flag = [&out](bool is, const char* name) {
    if (is) {
      out << name << " ";
    }
  };
  flag(result.whole, "whole");
  flag(result.unprocessed, "unprocessed");
  flag(result.peerProgressed, "peerProgressed");
  flag(result.lost, "lost");
  flag(result.wantsHttp1, "wantsHttp1");
  flag(result.replayable, "replayable");
  return out;
}

std::ostream& operator<<(std::ostream& out, TransferState::Phase phase) {
  switch (phase) {
    case TransferState::Phase::waiting:
      return out << "waiting";
    case TransferState::Phase::running:
      return out << "running";
    case TransferState::Phase::sent:
      return out << "sent";
    case TransferState::Phase::receiving:
      return out << "receiving";
    case TransferState::Phase::ended:
      return out << "ended";
  }
  return out;
}

namespace {

using Phase = TransferState::Phase;
using Next = TransferState::Next;
using Result = TransferState::Result;

// Readable names for the arguments.
constexpr bool kPaused = true;
constexpr bool kFlowing = false;
constexpr bool kRoom = true;
constexpr bool kNoRoom = false;
constexpr bool kOnKept = true;
constexpr bool kOnNew = false;
constexpr bool kIdempotent = true;
constexpr bool kNotIdempotent = false;

// What libcurl may have to say of a request whose body can be sent from the start.
constexpr Result kWhole{.whole = true, .replayable = true};
constexpr Result kRefused{.unprocessed = true, .replayable = true};
constexpr Result kBeyondGoaway{.unprocessed = true, .peerProgressed = true, .replayable = true};
constexpr Result kLost{.lost = true, .replayable = true};
constexpr Result kWantsHttp1{.wantsHttp1 = true, .replayable = true};
constexpr Result kOtherFault{.replayable = true};

TransferState sentState(bool idempotent, bool onKept) {
  TransferState state(idempotent);
  state.onRun(onKept);
  EXPECT_EQ(state.onStarted(), Action::goOn);
  return state;
}

// It is sent, and then this becomes of it.
Next sendAndEnd(TransferState& state, bool onKept, const Result& result) {
  EXPECT_EQ(state.phase(), Phase::waiting);
  state.onRun(onKept);
  EXPECT_EQ(state.onStarted(), Action::goOn);
  return state.onDone(result);
}

// libcurl is given it, and is done with it before it is sent.
Next runAndEnd(TransferState& state, bool onKept, const Result& result) {
  EXPECT_EQ(state.phase(), Phase::waiting);
  state.onRun(onKept);
  return state.onDone(result);
}

TransferState receivingState() {
  auto state = sentState(kNotIdempotent, kOnNew);
  EXPECT_EQ(state.onFinalHead(), Action::goOn);
  return state;
}

TEST(TransferState, GoesThroughItsPhasesInOrder) {
  TransferState state(kNotIdempotent);
  EXPECT_EQ(state.phase(), Phase::waiting);
  EXPECT_FALSE(state.isOnConnection());
  state.onRun(kOnNew);
  EXPECT_EQ(state.phase(), Phase::running);
  EXPECT_FALSE(state.isOnConnection());
  EXPECT_EQ(state.onStarted(), Action::goOn);
  EXPECT_EQ(state.phase(), Phase::sent);
  EXPECT_TRUE(state.isOnConnection());
  EXPECT_EQ(state.onFinalHead(), Action::goOn);
  EXPECT_EQ(state.phase(), Phase::receiving);
  EXPECT_TRUE(state.isOnConnection());
  EXPECT_EQ(state.onBodyBytes(kFlowing, kRoom), Action::deliver);
  EXPECT_EQ(state.onDone(kWhole), Next::complete);
  EXPECT_TRUE(state.onEnd());
  EXPECT_EQ(state.phase(), Phase::ended);
  EXPECT_FALSE(state.isOnConnection());
}

// An older libcurl sends it again by itself.

TEST(TransferState, AnIdempotentRequestMayBeSentAgainByLibcurl) {
  auto state = sentState(kIdempotent, kOnKept);
  EXPECT_EQ(state.onStarted(), Action::goOn);
  EXPECT_EQ(state.phase(), Phase::sent);
}

TEST(TransferState, AnotherRequestIsNotSentTwiceByLibcurl) {
  auto state = sentState(kNotIdempotent, kOnKept);
  EXPECT_EQ(state.onStarted(), Action::refuse);
}

TEST(TransferState, NothingIsSentAgainOnceSomethingOfAResponseCame) {
  auto begun = sentState(kIdempotent, kOnKept);
  begun.onResponseBegun();
  EXPECT_EQ(begun.onStarted(), Action::refuse);

  auto answered = sentState(kIdempotent, kOnKept);
  (void)answered.onFinalHead();
  EXPECT_EQ(answered.onStarted(), Action::refuse);
}

// What becomes of it when libcurl is done.

enum class Stage : std::uint8_t { waiting, running, sent, begun, receiving, ended };
constexpr std::array kStages{
    Stage::waiting, Stage::running, Stage::sent, Stage::begun, Stage::receiving, Stage::ended};
constexpr std::array kStageNames{"waiting", "running", "sent", "begun", "receiving", "ended"};

TransferState stateIn(Stage stage, bool idempotent, bool onKept) {
  TransferState state(idempotent);
  if (stage >= Stage::running) {
    state.onRun(onKept);
  }
  if (stage >= Stage::sent) {
    (void)state.onStarted();
  }
  if (stage == Stage::begun) {
    state.onResponseBegun();
  }
  if (stage >= Stage::receiving) {
    (void)state.onFinalHead();
  }
  if (stage == Stage::ended) {
    (void)state.onEnd();
  }
  return state;
}

// The table of what is sent again the first time, in the order in which the reasons count.
Next expectedNext(Stage stage, bool idempotent, bool onKept, const Result& result) {
  if (result.whole) {
    return Next::complete;
  }
  if (stage == Stage::running) {
    return onKept ? Next::again : Next::fail;
  }
  if (stage != Stage::sent || !result.replayable) {
    return Next::fail;
  }
  if (result.wantsHttp1) {
    return Next::againOverHttp1;
  }
  if (result.unprocessed) {
    return Next::again;
  }
  return result.lost && onKept && idempotent ? Next::againElsewhere : Next::fail;
}

Result resultOf(unsigned bits) {
  return {
      .whole = (bits & 1U) != 0,
      .unprocessed = (bits & 2U) != 0,
      .peerProgressed = (bits & 4U) != 0,
      .lost = (bits & 8U) != 0,
      .wantsHttp1 = (bits & 16U) != 0,
      .replayable = (bits & 32U) != 0};
}

constexpr unsigned kResults = 64;

// Calls check(stage, idempotent, onKept, result) for everything that there is.
template <typename F>
void forEachEnd(F&& check) {
  for (const Stage stage : kStages) {
    for (const bool idempotent : {false, true}) {
      for (const bool onKept : {false, true}) {
        for (unsigned bits = 0; bits < kResults; ++bits) {
          SCOPED_TRACE(
              testing::Message() << kStageNames[static_cast<std::size_t>(stage)]
                                 << (idempotent ? ", idempotent" : "")
                                 << (onKept ? ", on a kept connection: " : ": ") << resultOf(bits)
          );
          check(stage, idempotent, onKept, resultOf(bits));
        }
      }
    }
  }
}

TEST(TransferState, EveryEndHasOneConsequence) {
  forEachEnd([](Stage stage, bool idempotent, bool onKept, const Result& result) {
    auto state = stateIn(stage, idempotent, onKept);
    EXPECT_EQ(state.onDone(result), expectedNext(stage, idempotent, onKept, result));
  });
}

TEST(TransferState, WhatIsSentAgainWaitsAndNothingElseDoes) {
  forEachEnd([](Stage stage, bool idempotent, bool onKept, const Result& result) {
    auto state = stateIn(stage, idempotent, onKept);
    const Phase before = state.phase();
    const Next next = state.onDone(result);
    const bool isRepeated = next != Next::complete && next != Next::fail;
    EXPECT_EQ(state.phase(), isRepeated ? Phase::waiting : before);
    EXPECT_EQ(state.onEnd(), stage != Stage::ended) << "the terminal event is still to be sent";
  });
}

TEST(TransferState, NothingIsRepeatedAfterTheFirstByteOfAResponse) {
  forEachEnd([](Stage stage, bool idempotent, bool onKept, const Result& result) {
    if (stage == Stage::begun || stage == Stage::receiving) {
      auto state = stateIn(stage, idempotent, onKept);
      EXPECT_EQ(state.onDone(result), result.whole ? Next::complete : Next::fail);
    }
  });
}

TEST(TransferState, NoRequestThatMayHaveBeenProcessedIsRepeatedUnlessItIsIdempotent) {
  forEachEnd([](Stage stage, bool idempotent, bool onKept, const Result& result) {
    const bool mayBeProcessed =
        stage >= Stage::sent && !result.unprocessed && !result.wantsHttp1 && !result.whole;
    if (mayBeProcessed && !idempotent) {
      auto state = stateIn(stage, idempotent, onKept);
      EXPECT_EQ(state.onDone(result), Next::fail);
    }
  });
}

TEST(TransferState, WhatCannotBeSentFromTheStartIsNotRepeated) {
  forEachEnd([](Stage stage, bool idempotent, bool onKept, const Result& result) {
    if (stage >= Stage::sent && !result.replayable && !result.whole) {
      auto state = stateIn(stage, idempotent, onKept);
      EXPECT_EQ(state.onDone(result), Next::fail);
    }
  });
}

TEST(TransferState, AResponseThatIsKnownToBeWholeIsCompleteWhateverLibcurlSays) {
  forEachEnd([](Stage stage, bool idempotent, bool onKept, const Result& result) {
    auto state = stateIn(stage, idempotent, onKept);
    state.onResponseWhole();
    EXPECT_TRUE(state.responseWhole());
    EXPECT_EQ(state.onDone(result), Next::complete);
  });
}

TEST(TransferState, ARequestThatIsRefusedTwiceFails) {
  TransferState state(kIdempotent);
  EXPECT_EQ(sendAndEnd(state, kOnNew, kRefused), Next::again);
  EXPECT_EQ(sendAndEnd(state, kOnKept, kRefused), Next::fail);
}

TEST(TransferState, ARequestBeyondAGoawayOfAPeerThatServesSomebodyIsSentAgainEachTime) {
  TransferState state(kNotIdempotent);
  for (int round = 0; round < 1000; ++round) {
    ASSERT_EQ(sendAndEnd(state, round % 2 == 0 ? kOnKept : kOnNew, kBeyondGoaway), Next::again);
  }
  EXPECT_EQ(sendAndEnd(state, kOnNew, kRefused), Next::again) << "that is another reason";
  EXPECT_EQ(sendAndEnd(state, kOnNew, kBeyondGoaway), Next::again);
  EXPECT_EQ(sendAndEnd(state, kOnNew, kRefused), Next::fail);
}

TEST(TransferState, AKeptConnectionIsLostBehindAnIdempotentRequestOnce) {
  TransferState state(kIdempotent);
  EXPECT_EQ(sendAndEnd(state, kOnKept, kLost), Next::againElsewhere);
  EXPECT_EQ(sendAndEnd(state, kOnKept, kLost), Next::fail);

  TransferState other(kIdempotent);
  EXPECT_EQ(sendAndEnd(other, kOnKept, kLost), Next::againElsewhere);
  EXPECT_EQ(sendAndEnd(other, kOnNew, kLost), Next::fail);
}

TEST(TransferState, ANewConnectionThatIsLostIsAnError) {
  TransferState state(kIdempotent);
  EXPECT_EQ(sendAndEnd(state, kOnNew, kLost), Next::fail);
}

TEST(TransferState, AKeptConnectionThatIsLostBehindAnotherRequestIsAnError) {
  TransferState state(kNotIdempotent);
  EXPECT_EQ(sendAndEnd(state, kOnKept, kLost), Next::fail);
}

TEST(TransferState, ItIsSentOverHttp1Once) {
  TransferState state(kNotIdempotent);
  EXPECT_EQ(sendAndEnd(state, kOnKept, kWantsHttp1), Next::againOverHttp1);
  EXPECT_EQ(sendAndEnd(state, kOnNew, kWantsHttp1), Next::fail);
}

TEST(TransferState, EachReasonCountsForItself) {
  TransferState state(kIdempotent);
  EXPECT_EQ(runAndEnd(state, kOnKept, kOtherFault), Next::again);
  EXPECT_EQ(sendAndEnd(state, kOnKept, kRefused), Next::again);
  EXPECT_EQ(sendAndEnd(state, kOnKept, kBeyondGoaway), Next::again);
  EXPECT_EQ(sendAndEnd(state, kOnKept, kLost), Next::againElsewhere);
  EXPECT_EQ(sendAndEnd(state, kOnNew, kWantsHttp1), Next::againOverHttp1);
  EXPECT_EQ(sendAndEnd(state, kOnNew, kWhole), Next::complete);
}

TEST(TransferState, AKeptConnectionThatIsGoneBeforeAnythingWasSentCostsNothing) {
  TransferState state(kNotIdempotent);
  EXPECT_EQ(runAndEnd(state, kOnKept, Result{}), Next::again);
  EXPECT_EQ(runAndEnd(state, kOnKept, Result{}), Next::againElsewhere);
  EXPECT_EQ(runAndEnd(state, kOnKept, Result{}), Next::againElsewhere);
  EXPECT_EQ(runAndEnd(state, kOnNew, Result{}), Next::fail);
}

TEST(TransferState, WhatIsSentAgainForgetsWhatItWaitedFor) {
  auto state = sentState(kNotIdempotent, kOnKept);
  state.awaitContinue();
  state.onUploadEmpty();
  EXPECT_EQ(state.onDone(kRefused), Next::again);
  EXPECT_FALSE(state.awaitsContinue());
  EXPECT_FALSE(state.uploadHeld());
  EXPECT_EQ(state.onUploadWritten(), Action::none) << "its next piece wakes nobody while it waits";
}

TEST(TransferState, TheBodyWaitsForTheFirstWordOfTheServer) {
  auto state = sentState(kNotIdempotent, kOnNew);
  EXPECT_FALSE(state.onContinue());
  state.awaitContinue();
  EXPECT_TRUE(state.awaitsContinue());
  EXPECT_TRUE(state.onContinue());
  EXPECT_FALSE(state.awaitsContinue());
  EXPECT_FALSE(state.onContinue());
}

// What is held.

TEST(TransferState, PauseBeforeTheHeadHoldsTheFirstBodyBytes) {
  auto state = receivingState();
  EXPECT_EQ(state.onBodyBytes(kPaused, kRoom), Action::holdBody);
  EXPECT_TRUE(state.bodyHeld());
}

TEST(TransferState, FlowsOnOnlyWhenItWasHeld) {
  auto state = receivingState();
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
  (void)state.onBodyBytes(kPaused, kRoom);
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::letFlow);
  EXPECT_FALSE(state.bodyHeld());
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
}

TEST(TransferState, StaysHeldWhileThePauseIsWanted) {
  auto state = receivingState();
  EXPECT_EQ(state.onBodyBytes(kFlowing, kNoRoom), Action::holdAndAskRoom);
  EXPECT_EQ(state.onMayFlow(kPaused), Action::none) << "there is room, but now a pause is wanted";
  EXPECT_TRUE(state.bodyHeld());
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::letFlow);
}

TEST(TransferState, APauseCountsBeforeTheLackOfRoom) {
  auto state = receivingState();
  EXPECT_EQ(state.onBodyBytes(kPaused, kNoRoom), Action::holdBody);
}

TEST(TransferState, MayBeHeldAnewAfterItFlowed) {
  auto state = receivingState();
  (void)state.onBodyBytes(kPaused, kRoom);
  (void)state.onMayFlow(kFlowing);
  EXPECT_EQ(state.onBodyBytes(kFlowing, kNoRoom), Action::holdAndAskRoom);
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::letFlow);
  EXPECT_EQ(state.onBodyBytes(kFlowing, kRoom), Action::deliver);
}

TEST(TransferState, ResumeBeforeTheHeadDoesNothing) {
  TransferState state(kNotIdempotent);
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
  state.onRun(kOnNew);
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
  (void)state.onStarted();
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
}

TEST(TransferState, BodyBytesBeforeTheHeadAreRefused) {
  auto state = sentState(kNotIdempotent, kOnNew);
  EXPECT_EQ(state.onBodyBytes(kFlowing, kRoom), Action::refuse);
}

TEST(TransferState, AnEmptyUploadFlowsOnWithTheNextPiece) {
  auto state = sentState(kNotIdempotent, kOnNew);
  EXPECT_EQ(state.onUploadWritten(), Action::none);
  state.onUploadEmpty();
  EXPECT_TRUE(state.uploadHeld());
  EXPECT_EQ(state.onUploadWritten(), Action::letFlow);
  EXPECT_FALSE(state.uploadHeld());
  EXPECT_EQ(state.onUploadWritten(), Action::none);
}

TEST(TransferState, BodyAndUploadAreHeldIndependently) {
  auto state = receivingState();
  state.onUploadEmpty();
  (void)state.onBodyBytes(kPaused, kRoom);
  EXPECT_EQ(state.onUploadWritten(), Action::letFlow);
  EXPECT_TRUE(state.bodyHeld());
  state.onUploadEmpty();
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::letFlow);
  EXPECT_TRUE(state.uploadHeld());
}

TEST(TransferState, OnlyTheFirstEndSendsTheTerminalEvent) {
  auto state = receivingState();
  EXPECT_TRUE(state.onEnd());
  EXPECT_FALSE(state.onEnd());
}

TEST(TransferState, MayEndInEveryPhase) {
  for (const Stage stage : kStages) {
    auto state = stateIn(stage, kNotIdempotent, kOnNew);
    EXPECT_EQ(state.onEnd(), stage != Stage::ended);
    EXPECT_EQ(state.phase(), Phase::ended);
  }
}

TEST(TransferState, RefusesEverythingOnceEnded) {
  auto state = receivingState();
  (void)state.onBodyBytes(kPaused, kRoom);
  state.onUploadEmpty();
  (void)state.onEnd();
  EXPECT_EQ(state.onBodyBytes(kFlowing, kRoom), Action::refuse);
  EXPECT_EQ(state.onFinalHead(), Action::refuse);
  EXPECT_EQ(state.onStarted(), Action::refuse);
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
  EXPECT_EQ(state.onUploadWritten(), Action::none);
}

}  // namespace
}  // namespace dodici
