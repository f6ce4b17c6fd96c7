// curl_global_init(), once a process; never undone, since other clients may come later.
//
// Threads: any.
#pragma once

namespace dodici {

void ensureCurlGlobal();

}  // namespace dodici
