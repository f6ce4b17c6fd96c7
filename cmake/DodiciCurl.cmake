# dodici_curl: libcurl and its dependencies, bundled or from the system. Sets DODICI_HTTP3 (0 or 1).
# dodici_codings: the decoders of content codings. Defines which there are: DODICI_HAS_ZLIB, _BROTLI, _ZSTD (0 or 1).
#
# bundled: static libraries built by scripts/bundled, found by asking it; DODICI_BUNDLED_PREFIX overrides. system: the
# installed libcurl and OpenSSL, and the decoders that are installed, for packagers of a distribution. Its addon must be
# opened with RTLD_DEEPBIND, or libcurl binds to the OpenSSL and nghttp2 that Node's own executable exports.
add_library(dodici_curl INTERFACE)
add_library(dodici_codings INTERFACE)
set(DODICI_HTTP3 0)

if(DODICI_CURL STREQUAL "bundled")
  set(DODICI_BUNDLED_PREFIX "" CACHE PATH "Where the bundled libraries are; empty: ask scripts/bundled")
  set(prefix "${DODICI_BUNDLED_PREFIX}")
  if(NOT prefix)
    # Asked at each configure instead of cached, because the answer changes with the versions, the recipes and the patches.
    file(GLOB patches CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/scripts/bundled/patches/*/*.patch")
    set_property(
      DIRECTORY
      APPEND
      PROPERTY
        CMAKE_CONFIGURE_DEPENDS
        "${CMAKE_SOURCE_DIR}/cmake/bundled-versions.json"
        "${CMAKE_SOURCE_DIR}/scripts/bundled/recipes.mjs"
        ${CMAKE_TOOLCHAIN_FILE}
        ${patches}
    )
    find_program(DODICI_NODE node REQUIRED)
    set(libraries_of "")
    if(DODICI_TARGET)
      set(libraries_of "--target=${DODICI_TARGET}")
    endif()
    execute_process(
      COMMAND "${DODICI_NODE}" "${CMAKE_SOURCE_DIR}/scripts/bundled/index.mjs" --find ${libraries_of}
      OUTPUT_VARIABLE prefix
      OUTPUT_STRIP_TRAILING_WHITESPACE
    )
  endif()
  if(NOT EXISTS "${prefix}/bundled.json")
    message(
      FATAL_ERROR
      "The bundled libraries are not built yet. Run `node scripts/bundled/index.mjs` (or `npm run setup`) first, "
      "or build against an installed libcurl with -DDODICI_CURL=system."
    )
  endif()
  message(STATUS "Bundled libraries: ${prefix}")

  file(READ "${prefix}/bundled.json" manifest)
  string(JSON http3 GET "${manifest}" http3)
  # Dependents come before their dependencies: the linker takes from a static archive only symbols that are needed by
  # then.
  set(archives curl)
  if(http3)
    set(DODICI_HTTP3 1)
    list(APPEND archives ngtcp2_crypto_ossl ngtcp2 nghttp3)
  endif()
  list(APPEND archives nghttp2 ssl crypto)
  list(TRANSFORM archives REPLACE "(.+)" "${prefix}/lib/lib\\1.a")

  find_package(Threads REQUIRED)
  target_include_directories(dodici_curl SYSTEM INTERFACE "${prefix}/include")
  target_link_libraries(dodici_curl INTERFACE ${archives} Threads::Threads ${CMAKE_DL_LIBS})
  target_compile_definitions(dodici_curl INTERFACE CURL_STATICLIB)

  set(decoders z brotlidec brotlicommon zstd)
  list(TRANSFORM decoders REPLACE "(.+)" "${prefix}/lib/lib\\1.a")
  target_include_directories(dodici_codings SYSTEM INTERFACE "${prefix}/include")
  target_link_libraries(dodici_codings INTERFACE ${decoders})
  target_compile_definitions(
    dodici_codings INTERFACE DODICI_HAS_ZLIB=1 DODICI_HAS_BROTLI=1 DODICI_HAS_ZSTD=1
  )
elseif(DODICI_CURL STREQUAL "system")
  find_package(CURL 7.88 REQUIRED)
  find_package(OpenSSL 3.0 REQUIRED)
  target_link_libraries(dodici_curl INTERFACE CURL::libcurl OpenSSL::SSL OpenSSL::Crypto)

  # lib/ decodes by Node's zlib what native does not know.
  function(dodici_find_coding name header library)
    find_path(DODICI_${name}_INCLUDE "${header}")
    find_library(DODICI_${name}_LIBRARY "${library}")
    set(found 0)
    if(DODICI_${name}_INCLUDE AND DODICI_${name}_LIBRARY)
      set(found 1)
      target_include_directories(dodici_codings SYSTEM INTERFACE "${DODICI_${name}_INCLUDE}")
      target_link_libraries(dodici_codings INTERFACE "${DODICI_${name}_LIBRARY}")
    endif()
    target_compile_definitions(dodici_codings INTERFACE DODICI_HAS_${name}=${found})
  endfunction()
  dodici_find_coding(ZLIB zlib.h z)
  dodici_find_coding(BROTLI brotli/decode.h brotlidec)
  dodici_find_coding(ZSTD zstd.h zstd)
else()
  message(FATAL_ERROR "DODICI_CURL is '${DODICI_CURL}'; it can be bundled or system.")
endif()

target_compile_definitions(dodici_curl INTERFACE DODICI_HTTP3=${DODICI_HTTP3})
