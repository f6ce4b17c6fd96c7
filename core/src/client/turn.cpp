#include "client/turn.h"

#include <chrono>

namespace dodici {

namespace {

// A turn ends when no work is left, or after this many rounds, so that other clients get their turns.
constexpr int kMostRoundsPerTurn = 8;

bool runOnce(ClientEngine& engine) {
  bool worked = false;
  if (engine.timer.takeDue()) {
    engine.multi.timeoutAction();
    worked = true;
  }
  engine.multi.readDone([&engine, &worked](EasyHandle& easy) {
    if (!engine.tunnels.onDone(easy)) {
      engine.requests.onDone(easy);
    }
    worked = true;
  });
  worked = engine.requests.endEarly() || worked;
  engine.requests.failStalled();
  worked = engine.keeper.settle() || worked;
  engine.keeper.tellEnded();
  return engine.requests.startReady() || worked;
}

}  // namespace

bool finishTurn(ClientEngine& engine) {
  engine.tunnels.readOn();
  engine.requests.goOn();
  bool worked = true;
  for (int round = 0; worked && round < kMostRoundsPerTurn; ++round) {
    worked = runOnce(engine);
  }
  if (!worked && engine.keeper.hasBroken()) {
    engine.requests.failBroken();
    worked = true;
  }
  engine.keeper.tellEnded();
  engine.watchers.endTurn();
  if constexpr (!MultiHandle::kNamesConnections) {
    // An older libcurl cannot be told to close one connection. Its idle connections are closed when no request runs.
    if (engine.requests.empty() && engine.tunnels.empty() && engine.connections.openCount() == 0) {
      engine.multi.closeIdleConnections();
    }
  }
  return worked || engine.tunnels.wantsTurn() || engine.requests.wantsTurn();
}

void armTimers(ClientEngine& engine) {
  if (const auto next = engine.deadlines.nextSweep()) {
    engine.deadlineTimer.wakeBy(*next);
  }
  if (const auto next = engine.keeper.nextExpiry(); next != Connection::Clock::time_point::max()) {
    engine.connectionTimer.wakeBy(next);
  }
}

}  // namespace dodici
