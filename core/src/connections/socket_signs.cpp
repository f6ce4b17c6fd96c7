#include "connections/socket_signs.h"

#include "platform/socket_poller.h"
#include "platform/sockets.h"

#include <sys/socket.h>

namespace dodici {

std::optional<SocketFault> faultOf(int socket, bool isMultiplexed) {
  const std::uint32_t events = eventsOf(socket);
  int error = 0;
  socklen_t length = sizeof error;
  if ((events & SocketEvents::kBroken) != 0 &&
      ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0) {
    return SocketFault{Errc::socketError, static_cast<std::uint32_t>(error)};
  }
  if ((events & (SocketEvents::kBroken | SocketEvents::kPeerEnded)) != 0) {
    return SocketFault{Errc::socketClosed, 0};
  }
  const bool hasUnread = (events & SocketEvents::kReadable) != 0;
  return isMultiplexed || !hasUnread ? std::nullopt
                                     : std::optional(SocketFault{Errc::unaskedBytes, 0});
}

}  // namespace dodici
