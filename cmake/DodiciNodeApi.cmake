# dodici_node_api: the Node-API headers from npm. Headers are enough, as the Node process that loads the addon provides
# the symbols. Without node_modules the target does not exist, and only core is built.
set(node_modules "${CMAKE_SOURCE_DIR}/node_modules")
if(EXISTS "${node_modules}/node-addon-api/napi.h" AND EXISTS "${node_modules}/node-api-headers/include/node_api.h")
  add_library(dodici_node_api INTERFACE)
  target_include_directories(
    dodici_node_api SYSTEM INTERFACE "${node_modules}/node-addon-api" "${node_modules}/node-api-headers/include"
  )
  target_compile_definitions(
    dodici_node_api INTERFACE NAPI_VERSION=9 NAPI_CPP_EXCEPTIONS NODE_ADDON_API_DISABLE_DEPRECATED
  )
else()
  message(STATUS "No node-addon-api in node_modules: building core without the addon (npm ci brings it).")
endif()
