// curl_global_init(), once in a process. It is never undone, as other clients may come later.
//
// Threads: any.
#pragma once

#include <string>

namespace dodici {

void ensureCurlGlobal();

// libcurl's and its libraries' versions, in curl's words.
std::string curlVersionText();

}  // namespace dodici
