// curl_global_init(), once per process. It is never undone, as other clients may come later.
//
// Threads: any.
#pragma once

#include <string>

namespace dodici {

void ensureCurlGlobal();

// The versions of libcurl and its libraries, as curl writes them.
std::string curlVersionText();

}  // namespace dodici
