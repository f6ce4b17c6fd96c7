// Whether an idle connection can still serve, as far as its socket tells.
//
// Threads: any; each function asks the kernel.
#pragma once

#include "dodici/error.h"

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

}  // namespace dodici
