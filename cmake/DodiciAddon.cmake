# dodici_finish_addon(target): name, place and linker flags of the .node file.
#
# Node's executable exports OpenSSL, nghttp2 and more. Hidden symbols keep ours from leaking out (addon.map, exclude-libs),
# -Bsymbolic keeps Node's from being taken instead of ours.
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
  )
  if(NOT DODICI_SANITIZE)
    # One file for every distribution with the same glibc or a newer one, whatever its libstdc++ is.
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
  # What the loader needs to know before it opens the file.
  file(
    GENERATE
    OUTPUT "${CMAKE_BINARY_DIR}/dodici.build.json"
    CONTENT "{ \"curl\": \"${DODICI_CURL}\", \"http3\": $<IF:${DODICI_HTTP3},true,false> }\n"
  )
endfunction()
