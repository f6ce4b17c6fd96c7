#include "platform/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace dodici {

int preallocate(int, std::uint64_t) { return EOPNOTSUPP; }

bool syncData(int descriptor) {
#ifdef F_FULLFSYNC
  // macOS's fsync() leaves the bytes in the cache of the disk.
  if (::fcntl(descriptor, F_FULLFSYNC) == 0) {
    return true;
  }
#endif
  return ::fsync(descriptor) == 0;
}

}  // namespace dodici
