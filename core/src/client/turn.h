// The end of a client's turn on its loop: libcurl's timeouts, transfers that are done, requests that may start; and when
// the next turn is due.
//
// Threads: loop thread only.
// Owner:   none; these are functions on a ClientEngine.
#pragma once

#include "client/engine.h"

namespace dodici {

// Does all work that is ready. True when more work is ready: the caller starts another turn.
bool finishTurn(ClientEngine& engine);

// Sets the timers for what is due later. A client without connections has no timer.
void armTimers(ClientEngine& engine);

}  // namespace dodici
