// The twelve lines of a typical response head, as libcurl delivers them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace dodici {

inline constexpr std::array<std::string_view, 13> kHead = {
    "HTTP/1.1 200 OK\r\n",
    "Date: Sat, 01 Jan 2000 00:00:00 GMT\r\n",
    "Content-Type: application/json; charset=utf-8\r\n",
    "Content-Length: 100\r\n",
    "Connection: keep-alive\r\n",
    "Cache-Control: private, max-age=0, must-revalidate\r\n",
    "ETag: \"64-F3jK0pQx8uGm2cVh7sWnYbTzLdE\"\r\n",
    "Vary: Accept-Encoding, Origin\r\n",
    "X-Request-Id: 0c7a9ed8-6d3f-4f37-9a5b-0f6a1f3f7f10\r\n",
    "Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n",
    "Server: nginx\r\n",
    "Set-Cookie: session=8a5edab282632443; Path=/; HttpOnly; Secure\r\n",
    "\r\n"};

inline constexpr std::uint32_t kMaxHeaderSize = 16 * 1024;

}  // namespace dodici
