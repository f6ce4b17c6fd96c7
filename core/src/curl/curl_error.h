// libcurl's codes as our own; the only place that switches on CURLcode.
//
// Threads: loop thread only.
#pragma once

#include "dodici/error.h"

#include <cstdint>

namespace dodici {

class EasyHandle;

// What the transfer knows and libcurl's code does not tell.
struct TransferFacts {
  bool started = false;       // was sent on a connection
  bool onHttp2 = false;       // that speaks HTTP/2
  bool closesAnyway = false;  // the response said so, or the request
  bool chunked = false;       // no content-length to miss
  bool unframed = false;      // the body ends with the connection
  bool tunnels = false;       // through a proxy, which comes before `started`
  std::uint32_t connectTimeoutMs = 0;
};

// REQUIRES: the handle's transfer has just ended, and did not succeed.
Error toError(const EasyHandle& easy, const TransferFacts& facts);

// "localAddress localPort remoteAddress remotePort bytesWritten bytesRead" of the transfer's connection. When there is
// none: the address that was tried last, and what is not known is empty or 0. Nothing at all when there was no address.
std::string describeSocket(const EasyHandle& easy);

}  // namespace dodici
