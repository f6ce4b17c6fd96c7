// What happens to a request when libcurl is done with it, and which requests are sent again.
#include "transfer/transfer_state.h"
#include "transfer/transfer_state_fixture.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>

namespace dodici {
namespace {

using Phase = TransferState::Phase;
using Next = TransferState::Next;
using Result = TransferState::Result;

// Sends the request, and then has this result.
Next sendAndEnd(TransferState& state, bool onKept, const Result& result) {
  EXPECT_EQ(state.phase(), Phase::waiting);
  state.onRun(onKept);
  EXPECT_EQ(state.onStarted(), Action::goOn);
  return state.onDone(result);
}

// libcurl gets the request, but is done with it before it is sent.
Next runAndEnd(TransferState& state, bool onKept, const Result& result) {
  EXPECT_EQ(state.phase(), Phase::waiting);
  state.onRun(onKept);
  return state.onDone(result);
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

constexpr std::array kStageNames{
    "waiting", "running", "sent", "begun", "receiving", "answered", "ended"};
static_assert(kStageNames.size() == kStages.size());

// The table of what is sent again the first time, in the order in which the reasons count.
Next expectedNext(Stage stage, bool idempotent, bool onKept, const Result& result) {
  if (result.whole || stage == Stage::answered) {
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

// Calls check(stage, idempotent, onKept, result) for all combinations.
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

// Sent, and nothing has said that the response is whole.
bool isUnanswered(Stage stage) { return stage >= Stage::sent && stage != Stage::answered; }

TEST(TransferState, NoRequestThatMayHaveBeenProcessedIsRepeatedUnlessItIsIdempotent) {
  forEachEnd([](Stage stage, bool idempotent, bool onKept, const Result& result) {
    const bool mayBeProcessed =
        isUnanswered(stage) && !result.unprocessed && !result.wantsHttp1 && !result.whole;
    if (mayBeProcessed && !idempotent) {
      auto state = stateIn(stage, idempotent, onKept);
      EXPECT_EQ(state.onDone(result), Next::fail);
    }
  });
}

TEST(TransferState, WhatCannotBeSentFromTheStartIsNotRepeated) {
  forEachEnd([](Stage stage, bool idempotent, bool onKept, const Result& result) {
    if (isUnanswered(stage) && !result.replayable && !result.whole) {
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

TEST(TransferState, WhoIsTurnedBackBeforeItIsWrittenWaitsAgainAsOftenAsItTakes) {
  TransferState state(kNotIdempotent);
  for (int i = 0; i < 200; ++i) {
    state.onRun(kOnNew);
    state.onTurnedBack();
    ASSERT_EQ(state.onDone(kOtherFault), Next::again);
  }
  EXPECT_EQ(runAndEnd(state, kOnNew, kOtherFault), Next::fail) << "each time it is said anew";
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

}  // namespace
}  // namespace dodici
