// The part of libuv that the doorbell needs: functions that Node exports, and that libuv promises not to change within its
// first major version. Their types are opaque here, sizes are asked for; so no header of libuv's is needed to build.
#pragma once

#include <cstddef>

// NOLINTBEGIN(readability-identifier-naming): libuv's names
extern "C" {

struct uv_loop_s;
struct uv_handle_s;
using uv_close_cb = void (*)(uv_handle_s* handle);
using uv_async_cb = void (*)(uv_handle_s* async);

int uv_async_init(uv_loop_s* loop, uv_handle_s* async, uv_async_cb callback);
int uv_async_send(uv_handle_s* async);
void uv_close(uv_handle_s* handle, uv_close_cb callback);
void uv_ref(uv_handle_s* handle);
void uv_unref(uv_handle_s* handle);
void uv_handle_set_data(uv_handle_s* handle, void* data);
void* uv_handle_get_data(const uv_handle_s* handle);
std::size_t uv_handle_size(int type);
}

// NOLINTEND(readability-identifier-naming)

namespace dodici {

// UV_ASYNC in libuv's enum uv_handle_type.
inline constexpr int kUvAsync = 1;

}  // namespace dodici
