# dodici_flags: the compiler flags for our own code. All our targets link it PRIVATE, so that it does not affect other
# code.
add_library(dodici_flags INTERFACE)
target_compile_features(dodici_flags INTERFACE cxx_std_20)
target_compile_options(
  dodici_flags
  INTERFACE
    -Wall
    -Wextra
    -Wpedantic
    -Wshadow
    -Wnon-virtual-dtor
    -fno-omit-frame-pointer
    -fstack-protector-strong
    # Set here rather than by CXX_VISIBILITY_PRESET, so that no target can forget it.
    -fvisibility=hidden
    -fvisibility-inlines-hidden
    -ffunction-sections
    -fdata-sections
)
# Only the release build is optimized at link time, which takes half a minute. The objects of the bundled libraries
# contain both kinds of code, and GCC would use the link-time one unless told not to.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # zig's driver would optimize the whole program twice: see scripts/zig/tool.sh.
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(dodici_flags INTERFACE -flto=auto)
  target_link_options(dodici_flags INTERFACE -flto=auto)
else()
  target_link_options(dodici_flags INTERFACE -fno-lto)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(DODICI_SANITIZE)
  set(sanitize -fsanitize=${DODICI_SANITIZE} -fno-sanitize-recover=all)
  target_compile_options(dodici_flags INTERFACE ${sanitize})
  target_link_options(dodici_flags INTERFACE ${sanitize})
else()
  # It needs optimization, and the sanitizers have their own checks.
  target_compile_options(dodici_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
