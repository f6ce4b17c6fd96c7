// The end of a client's turn on its loop: libcurl's timeouts, what is done, who may start; and when to come back.
//
// Threads: loop thread only.
// Owner:   nobody: functions over a ClientEngine.
#pragma once

#include "client/engine.h"

namespace dodici {

// Lets everything go on that can. True when something is left to do at once: another turn is to follow.
bool finishTurn(ClientEngine& engine);

// Sets the timers for what is to come. An idle client has no connections, and no timer.
void armTimers(ClientEngine& engine);

}  // namespace dodici
