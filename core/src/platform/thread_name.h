// Names threads for debuggers and profilers.
//
// Threads: each names itself.
#pragma once

namespace dodici {

// At most 15 characters.
void nameThisThread(const char* name);

}  // namespace dodici
