#include "platform/turn_clock.h"

namespace dodici {

bool TurnClock::canStop() noexcept { return false; }

void TurnClock::stop() noexcept {}

void TurnClock::run() noexcept {}

}  // namespace dodici
