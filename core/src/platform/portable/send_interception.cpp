#include "platform/send_interception.h"

#include <sys/socket.h>

namespace dodici {

bool interceptsSend() { return false; }

ssize_t sendNow(int socket, const void* data, std::size_t size, int flags) {
  return ::send(socket, data, size, flags);
}

}  // namespace dodici
