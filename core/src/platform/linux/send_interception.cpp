#include "platform/send_interception.h"

extern "C" {

ssize_t __real_send(int socket, const void* data, std::size_t size, int flags);  // NOLINT
ssize_t __wrap_send(int socket, const void* data, std::size_t size, int flags);  // NOLINT
}

namespace dodici {

bool interceptsSend() { return true; }

ssize_t sendNow(int socket, const void* data, std::size_t size, int flags) {
  return __real_send(socket, data, size, flags);
}

}  // namespace dodici

ssize_t __wrap_send(int socket, const void* data, std::size_t size, int flags) {  // NOLINT
  return dodici::onSend(socket, data, size, flags);
}
