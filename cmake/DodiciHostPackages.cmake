# Boost and GoogleTest, which are the same for every architecture: one is headers, the other comes as sources too. A cross
# build (CMAKE_CROSSCOMPILING) does not see the folders of this machine's packages, and takes these two from there by name.

# Boost::headers.
if(CMAKE_CROSSCOMPILING)
  find_file(DODICI_BOOST_FOLDER boost PATHS /usr/include NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  # All of /usr/include would hide the headers of the cross compiler's own C library.
  file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/boost-headers")
  file(CREATE_LINK "${DODICI_BOOST_FOLDER}" "${CMAKE_BINARY_DIR}/boost-headers/boost" SYMBOLIC)
  add_library(Boost::headers INTERFACE IMPORTED)
  target_include_directories(Boost::headers SYSTEM INTERFACE "${CMAKE_BINARY_DIR}/boost-headers")
else()
  find_package(Boost 1.81 REQUIRED) # headers only
endif()

# Makes GTest::gmock and GTest::gtest_main.
macro(dodici_find_gtest)
  if(CMAKE_CROSSCOMPILING)
    add_subdirectory(/usr/src/googletest "${CMAKE_BINARY_DIR}/googletest" EXCLUDE_FROM_ALL)
    if(NOT TARGET GTest::gmock)
      add_library(GTest::gmock ALIAS gmock)
      add_library(GTest::gtest_main ALIAS gtest_main)
    endif()
  else()
    find_package(GTest REQUIRED)
  endif()
endmacro()
