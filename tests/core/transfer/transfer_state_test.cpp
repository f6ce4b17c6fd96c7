// The phases of a request, what is paused meanwhile, and its end.
#include "transfer/transfer_state.h"

#include "transfer/transfer_state_fixture.h"

#include <gtest/gtest.h>

namespace dodici {
namespace {

using Phase = TransferState::Phase;
using Next = TransferState::Next;

// Readable names for the arguments.
constexpr bool kPaused = true;
constexpr bool kFlowing = false;
constexpr bool kRoom = true;
constexpr bool kNoRoom = false;

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

TEST(TransferState, IsAnsweredWhileItsUploadGoesOn) {
  auto state = receivingState();
  state.onUploadEmpty();
  EXPECT_TRUE(state.onAnswered());
  EXPECT_FALSE(state.onAnswered());
  EXPECT_EQ(state.phase(), Phase::answered);
  EXPECT_EQ(state.onBodyBytes(kFlowing, kRoom), Action::refuse);
  EXPECT_EQ(state.onFinalHead(), Action::refuse);
  EXPECT_EQ(state.onUploadWritten(), Action::letFlow);
  EXPECT_TRUE(state.onEnd());
}

TEST(TransferState, IsAnsweredOnlyWhileItReceives) {
  for (const Stage stage : kStages) {
    auto state = stateIn(stage, kNotIdempotent, kOnNew);
    EXPECT_EQ(state.onAnswered(), stage == Stage::receiving) << state.phase();
  }
}

TEST(TransferState, IsCompleteWhateverHappensOnceItIsAnswered) {
  for (const auto& result : {kWhole, kRefused, kLost, kOtherFault}) {
    auto state = receivingState();
    (void)state.onAnswered();
    EXPECT_EQ(state.onDone(result), TransferState::Next::complete) << result;
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
