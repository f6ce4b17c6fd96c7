// Which HTTP a connection speaks, and how that is found out.
#pragma once

#include <cstdint>

namespace dodici {

enum class Protocol : std::uint8_t { unknown, http1, http2 };

enum class Negotiation : std::uint8_t {
  none,   // plain http, or a request that must not use HTTP/2: the protocol is HTTP/1.1
  http2,  // the connection will tell, by ALPN, whether it speaks HTTP/2; over plain http it does where that is known before
};

}  // namespace dodici
