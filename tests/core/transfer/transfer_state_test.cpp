#include "transfer/transfer_state.h"

#include <gtest/gtest.h>

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

// Readable names for the arguments.
constexpr bool kPaused = true;
constexpr bool kFlowing = false;
constexpr bool kRoom = true;
constexpr bool kNoRoom = false;
constexpr bool kHttp1 = false;
constexpr bool kHttp2 = true;

TransferState receivingState() {
  TransferState state(false);
  state.onRun();
  EXPECT_EQ(state.onStarted(kHttp1), Action::goOn);
  EXPECT_EQ(state.onFinalHead(), Action::goOn);
  return state;
}

TEST(TransferState, GoesThroughItsPhasesInOrder) {
  TransferState state(false);
  EXPECT_EQ(state.phase(), Phase::waiting);
  state.onRun();
  EXPECT_EQ(state.phase(), Phase::running);
  EXPECT_EQ(state.onStarted(kHttp1), Action::goOn);
  EXPECT_EQ(state.phase(), Phase::sent);
  EXPECT_EQ(state.onFinalHead(), Action::goOn);
  EXPECT_EQ(state.phase(), Phase::receiving);
  EXPECT_EQ(state.onBodyBytes(kFlowing, kRoom), Action::deliver);
  EXPECT_TRUE(state.onEnd());
  EXPECT_EQ(state.phase(), Phase::ended);
}

TEST(TransferState, AnIdempotentRequestMayBeSentAgain) {
  TransferState state(true);
  state.onRun();
  (void)state.onStarted(kHttp1);
  EXPECT_EQ(state.onStarted(kHttp1), Action::goOn);
  EXPECT_EQ(state.phase(), Phase::sent);
}

TEST(TransferState, AnotherRequestIsNotSentTwice) {
  TransferState state(false);
  state.onRun();
  (void)state.onStarted(kHttp1);
  EXPECT_EQ(state.onStarted(kHttp1), Action::refuse);
}

TEST(TransferState, OnHttp2ARequestThatTheServerDidNotProcessIsSentAgain) {
  TransferState state(false);
  state.onRun();
  (void)state.onStarted(kHttp2);
  EXPECT_EQ(state.onStarted(kHttp2), Action::goOn);
}

TEST(TransferState, NothingIsSentAgainOnceAResponseCame) {
  TransferState state(true);
  state.onRun();
  (void)state.onStarted(kHttp2);
  (void)state.onFinalHead();
  EXPECT_EQ(state.onStarted(kHttp2), Action::refuse);
}

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
  TransferState state(false);
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
  state.onRun();
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
  (void)state.onStarted(kHttp1);
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
}

TEST(TransferState, BodyBytesBeforeTheHeadAreRefused) {
  TransferState state(false);
  state.onRun();
  (void)state.onStarted(kHttp1);
  EXPECT_EQ(state.onBodyBytes(kFlowing, kRoom), Action::refuse);
}

TEST(TransferState, AnEmptyUploadFlowsOnWithTheNextPiece) {
  TransferState state(false);
  state.onRun();
  (void)state.onStarted(kHttp1);
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
  TransferState waiting(false);
  EXPECT_TRUE(waiting.onEnd());
  TransferState running(false);
  running.onRun();
  EXPECT_TRUE(running.onEnd());
}

TEST(TransferState, RefusesEverythingOnceEnded) {
  auto state = receivingState();
  (void)state.onBodyBytes(kPaused, kRoom);
  state.onUploadEmpty();
  (void)state.onEnd();
  EXPECT_EQ(state.onBodyBytes(kFlowing, kRoom), Action::refuse);
  EXPECT_EQ(state.onFinalHead(), Action::refuse);
  EXPECT_EQ(state.onStarted(kHttp2), Action::refuse);
  EXPECT_EQ(state.onMayFlow(kFlowing), Action::none);
  EXPECT_EQ(state.onUploadWritten(), Action::none);
}

}  // namespace
}  // namespace dodici
