// Shared by the tests of TransferState: printing, its inputs, and the stages that it can be in.
#pragma once

#include "transfer/transfer_state.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <ostream>

namespace dodici {

inline std::ostream& operator<<(std::ostream& out, Action action) {
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

inline std::ostream& operator<<(std::ostream& out, TransferState::Next next) {
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

inline std::ostream& operator<<(std::ostream& out, const TransferState::Result& result) {
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

inline std::ostream& operator<<(std::ostream& out, TransferState::Phase phase) {
  switch (phase) {
    case TransferState::Phase::waiting:
      return out << "waiting";
    case TransferState::Phase::running:
      return out << "running";
    case TransferState::Phase::sent:
      return out << "sent";
    case TransferState::Phase::receiving:
      return out << "receiving";
    case TransferState::Phase::answered:
      return out << "answered";
    case TransferState::Phase::ended:
      return out << "ended";
  }
  return out;
}

// Readable names for the arguments.
inline constexpr bool kOnKept = true;
inline constexpr bool kOnNew = false;
inline constexpr bool kIdempotent = true;
inline constexpr bool kNotIdempotent = false;

// libcurl's possible results for a request whose body can be sent again from the start.
inline constexpr TransferState::Result kWhole{.whole = true, .replayable = true};
inline constexpr TransferState::Result kRefused{.unprocessed = true, .replayable = true};
inline constexpr TransferState::Result kBeyondGoaway{
    .unprocessed = true, .peerProgressed = true, .replayable = true};
inline constexpr TransferState::Result kLost{.lost = true, .replayable = true};
inline constexpr TransferState::Result kWantsHttp1{.wantsHttp1 = true, .replayable = true};
inline constexpr TransferState::Result kOtherFault{.replayable = true};

inline TransferState sentState(bool idempotent, bool onKept) {
  TransferState state(idempotent);
  state.onRun(onKept);
  EXPECT_EQ(state.onStarted(), Action::goOn);
  return state;
}

enum class Stage : std::uint8_t { waiting, running, sent, begun, receiving, answered, ended };
inline constexpr std::array kStages{
    Stage::waiting,
    Stage::running,
    Stage::sent,
    Stage::begun,
    Stage::receiving,
    Stage::answered,
    Stage::ended};

inline TransferState stateIn(Stage stage, bool idempotent, bool onKept) {
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
  if (stage == Stage::answered) {
    (void)state.onAnswered();
  }
  if (stage == Stage::ended) {
    (void)state.onEnd();
  }
  return state;
}

}  // namespace dodici
