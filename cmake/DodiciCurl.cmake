# dodici_curl: libcurl and its dependencies, bundled or from the system. Sets DODICI_HTTP3 (0 or 1).
#
# bundled: static libraries built by scripts/bundled, found by asking it; DODICI_BUNDLED_PREFIX overrides. system: the
# installed libcurl and OpenSSL, for packagers of a distribution. Its addon must be opened with RTLD_DEEPBIND, or
# libcurl binds to the OpenSSL and nghttp2 that Node's own executable exports.
add_library(dodici_curl INTERFACE)
set(DODICI_HTTP3 0)

if(DODICI_CURL STREQUAL "bundled")
  set(DODICI_BUNDLED_PREFIX "" CACHE PATH "Where the bundled libraries are; empty: ask scripts/bundled")
  set(prefix "${DODICI_BUNDLED_PREFIX}")
  if(NOT prefix)
    # Asked at each configure instead of cached, because the answer changes with the versions and the recipes.
    set_property(
      DIRECTORY
      APPEND
      PROPERTY
        CMAKE_CONFIGURE_DEPENDS
        "${CMAKE_SOURCE_DIR}/cmake/bundled-versions.json"
        "${CMAKE_SOURCE_DIR}/scripts/bundled/recipes.mjs"
        "${CMAKE_SOURCE_DIR}/scripts/bundled/patches"
    )
    find_program(DODICI_NODE node REQUIRED)
    execute_process(
      COMMAND "${DODICI_NODE}" "${CMAKE_SOURCE_DIR}/scripts/bundled/index.mjs" --find
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
elseif(DODICI_CURL STREQUAL "system")
  find_package(CURL 7.88 REQUIRED)
  find_package(OpenSSL 3.0 REQUIRED)
  target_link_libraries(dodici_curl INTERFACE CURL::libcurl OpenSSL::SSL OpenSSL::Crypto)
else()
  message(FATAL_ERROR "DODICI_CURL is '${DODICI_CURL}'; it can be bundled or system.")
endif()

target_compile_definitions(dodici_curl INTERFACE DODICI_HTTP3=${DODICI_HTTP3})
