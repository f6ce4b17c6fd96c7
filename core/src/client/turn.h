// The end of a client's turn on its loop: runs libcurl's timeouts, ends transfers that are done, starts requests, and
// sets the time of the next turn.
//
// Threads: loop thread only.
// Owner:   none; these are functions on a ClientEngine.
#pragma once

#include "client/engine.h"

namespace dodici {

// Does all work that is ready. Returns true if there is still more: then the caller starts another turn.
bool finishTurn(ClientEngine& engine);

// Sets the timers for later work. A client without connections has none.
void armTimers(ClientEngine& engine);

}  // namespace dodici
