// Requests and client options as setopt calls; the only place that knows what libcurl must be told.
//
// Threads: loop thread only.
#pragma once

#include "dodici/options.h"
#include "dodici/request.h"
#include "transfer/request_text.h"

#include <curl/curl.h>

namespace dodici {

class EasyHandle;

// What is the same for all requests of a client: once per handle.
void setClientOptions(CURL* handle, const ClientOptions& options);

// What differs from request to request: all of it, every time. `request` must outlive the transfer.
void setRequestOptions(
    EasyHandle& easy, const Request& request, const RequestText& text, const ClientOptions& options
);

// Of the connection that the transfer makes; in its next transfer the handle goes by the client's options again.
void setConnectionPlan(
    EasyHandle& easy,
    const RequestText& text,
    const ClientOptions& options,
    const ConnectionPlan& plan
);

}  // namespace dodici
