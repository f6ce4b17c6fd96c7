# dodici_finish_addon(target): name, place and linker flags of the .node file.
#
# Node's executable exports OpenSSL, nghttp2 and more. Our symbols are hidden (addon.map, exclude-libs), and -Bsymbolic
# prevents binding to Node's instead of ours.
function(dodici_finish_addon target)
  set(map "${CMAKE_SOURCE_DIR}/cmake/addon.map")
  set_target_properties(
    ${target}
    PROPERTIES
      OUTPUT_NAME dodici
      PREFIX ""
      SUFFIX .node
      LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}"
      LINK_DEPENDS "${map}"
  )
  if(CMAKE_SYSTEM_NAME STREQUAL Linux)
    dodici_link_for_linux(${target} "${map}")
  elseif(APPLE)
    # Node's symbols are found when it loads the file; ours other than its entry are hidden.
    target_link_options(${target} PRIVATE -undefined dynamic_lookup -dead_strip)
  endif()
  if(DODICI_LIBC_KIT)
    # Before the compiler's own folders, for -l and for crti.o alike. What glibc 2.34 has in libc.so is named apart.
    target_sources(${target} PRIVATE platform/linux/glibc_floor.cpp)
    target_link_options(${target} PRIVATE "-B${DODICI_LIBC_KIT}" "-L${DODICI_LIBC_KIT}")
    target_link_libraries(${target} PRIVATE -Wl,--as-needed pthread rt m)
  endif()
  # What the loader needs to know before it opens the file.
  file(
    GENERATE
    OUTPUT "${CMAKE_BINARY_DIR}/dodici.build.json"
    CONTENT "{ \"curl\": \"${DODICI_CURL}\", \"http3\": $<IF:${DODICI_HTTP3},true,false> }\n"
  )
endfunction()

function(dodici_link_for_linux target map)
  target_link_options(
    ${target}
    PRIVATE
      "-Wl,--version-script=${map}"
      -Wl,--exclude-libs,ALL
      -Wl,-Bsymbolic
      -Wl,--gc-sections
      -Wl,-z,now
      -Wl,-z,relro
      -Wl,-z,noexecstack
      # Debuggers find the symbols by it.
      -Wl,--build-id=sha1
  )
  if(NOT DODICI_SANITIZE)
    # The file works on all distributions with the same or a newer glibc, with any libstdc++.
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()
