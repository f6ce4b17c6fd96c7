// Turns requests and client options into setopt calls. Only this file knows libcurl's options.
//
// Threads: loop thread only.
#pragma once

#include "dodici/options.h"
#include "dodici/request.h"
#include "transfer/request_text.h"

#include <curl/curl.h>

namespace dodici {

class EasyHandle;

// Sets what is the same for all requests of a client; once per handle.
void setClientOptions(CURL* handle, const ClientOptions& options);

// Sets everything that may differ between requests, each time. `request` must outlive the transfer.
void setRequestOptions(
    EasyHandle& easy, const Request& request, const RequestText& text, const ClientOptions& options
);

// Sets how the transfer's connection is made. The handle's next transfer uses the client's options again.
void setConnectionPlan(
    EasyHandle& easy,
    const RequestText& text,
    const ClientOptions& options,
    const ConnectionPlan& plan
);

}  // namespace dodici
