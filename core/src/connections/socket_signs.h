// What the system knows of a connection's socket.
//
// Threads: any; each asks the kernel.
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

// The peer has closed, or sent something that nobody asked for, which would be taken for an answer. `isMultiplexed`: what it
// has sent may be frames.
std::optional<SocketFault> faultOf(int socket, bool isMultiplexed);

// How long a packet and its acknowledgement take; 0 where that is not known.
std::chrono::microseconds roundTripOf(int socket);

struct SilenceSigns {
  std::chrono::milliseconds silence{0};  // since the peer last sent something
  bool acknowledges = false;  // bytes are on their way to it, and it has acknowledged some just now
};

// A socket that is not TCP gives no signs: it counts as never silent.
SilenceSigns silenceOf(int socket);

}  // namespace dodici
