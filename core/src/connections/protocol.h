// The version of HTTP that a connection speaks, and how it is negotiated.
#pragma once

#include <cstdint>

namespace dodici {

enum class Protocol : std::uint8_t { unknown, http1, http2 };

enum class Negotiation : std::uint8_t {
  none,  // plain http, or a request that must not use HTTP/2: the protocol is HTTP/1.1
  http2,  // ALPN tells whether the connection speaks HTTP/2; with prior knowledge it does so over plain http
};

}  // namespace dodici
