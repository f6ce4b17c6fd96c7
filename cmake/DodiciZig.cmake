# For toolchain files: the programs that scripts/setup/zig-tools.mjs makes for `triplet`.
set(tools "${CMAKE_CURRENT_LIST_DIR}/../build/zig/${triplet}")
set(CMAKE_C_COMPILER "${tools}-gcc")
set(CMAKE_CXX_COMPILER "${tools}-g++")
set(CMAKE_AR "${tools}-ar")
set(CMAKE_RANLIB "${tools}-ranlib")
set(CMAKE_C_COMPILER_AR "${tools}-ar")
set(CMAKE_CXX_COMPILER_AR "${tools}-ar")
set(CMAKE_C_COMPILER_RANLIB "${tools}-ranlib")
set(CMAKE_CXX_COMPILER_RANLIB "${tools}-ranlib")

# This machine's libraries are of another kind, so that only those of our own prefix count. zig knows its own.
set(CMAKE_FIND_ROOT_PATH ${CMAKE_PREFIX_PATH})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
