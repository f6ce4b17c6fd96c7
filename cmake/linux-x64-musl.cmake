# A toolchain file for CMake: zig's compiler for Linux with musl on x64. It is part of the bundled libraries' cache key.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(triplet x86_64-linux-musl)
include("${CMAKE_CURRENT_LIST_DIR}/DodiciZig.cmake")
