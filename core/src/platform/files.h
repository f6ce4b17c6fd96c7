// What systems do differently about files.
//
// Threads: any; each function is about one file.
#pragma once

#include <cstdint>

namespace dodici {

// Reserves space on the disk, so that a full one is found before anything is written, and gives the file this size.
// Returns 0, or errno; EOPNOTSUPP if the file system cannot do it.
int preallocate(int descriptor, std::uint64_t size);

// Waits until the file's bytes, and what is needed to read them, are on the disk. Returns whether they are; if not, errno
// says why.
bool syncData(int descriptor);

}  // namespace dodici
