// What the system knows about a connection's socket.
//
// Threads: any; each function asks the kernel.
#pragma once

#include "dodici/error.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace dodici {

// Why an idle connection cannot serve a request.
struct SocketFault {
  Errc code;
  std::uint32_t detail;
};

// Returns a fault if the peer has closed, or has sent something unasked, which would be read as a response.
// `isMultiplexed` says that it may have sent frames, which are allowed.
std::optional<SocketFault> faultOf(int socket, bool isMultiplexed);

// The round-trip time; 0 if it is not known.
std::chrono::microseconds roundTripOf(int socket);

struct SilenceSigns {
  std::chrono::milliseconds silence{0};  // time since the peer last sent something
  bool acknowledges =
      false;  // whether bytes are on their way to the peer, which has acknowledged some recently
};

// A socket that is not TCP counts as never silent.
SilenceSigns silenceOf(int socket);

}  // namespace dodici
