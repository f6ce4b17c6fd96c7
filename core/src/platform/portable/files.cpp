#include "platform/files.h"

#include <cerrno>

namespace dodici {

int preallocate(int, std::uint64_t) { return EOPNOTSUPP; }

}  // namespace dodici
