// Translates libcurl's codes to ours. Only this file switches on CURLcode.
//
// Threads: loop thread only.
#pragma once

#include "dodici/error.h"

#include <cstdint>

namespace dodici {

class EasyHandle;

// Facts about the transfer that libcurl's code does not contain.
struct TransferFacts {
  bool started = false;       // it was sent on a connection
  bool onHttp2 = false;       // the connection speaks HTTP/2
  bool closesAnyway = false;  // the response or the request says that the connection closes
  bool chunked = false;       // the body is chunked
  bool unframed = false;      // the body ends with the connection
  bool tunnels = false;       // it goes through a proxy's tunnel, which is made before `started`
  std::uint32_t connectTimeoutMs = 0;
};

// REQUIRES: the handle's transfer has just failed.
Error toError(const EasyHandle& easy, const TransferFacts& facts);

// "localAddress localPort remoteAddress remotePort bytesWritten bytesRead" of the transfer's connection. Without a
// connection: the address that was tried last, with empty or 0 for the rest. Empty if there was no address.
std::string describeSocket(const EasyHandle& easy);

}  // namespace dodici
