#include "platform/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace dodici {

int preallocate(int descriptor, std::uint64_t size) {
  return ::fallocate(descriptor, 0, 0, static_cast<off_t>(size)) == 0 ? 0 : errno;
}

bool syncData(int descriptor) { return ::fdatasync(descriptor) == 0; }

}  // namespace dodici
