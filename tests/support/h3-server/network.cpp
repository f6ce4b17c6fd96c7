#include "network.h"

#include <netinet/in.h>
#include <openssl/rand.h>

#include <chrono>

namespace h3server {

namespace {

constexpr std::size_t kIdLength = 12;

}  // namespace

ngtcp2_tstamp now() {
  const auto sinceStart = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<ngtcp2_tstamp>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(sinceStart).count()
  );
}

void fillWithRandom(std::uint8_t* to, std::size_t count) {
  RAND_bytes(to, static_cast<int>(count));
}

ngtcp2_cid randomId() {
  ngtcp2_cid id{};
  id.datalen = kIdLength;
  fillWithRandom(id.data, id.datalen);
  return id;
}

std::uint16_t portOf(const Address& address) {
  return ntohs(reinterpret_cast<const sockaddr_in&>(address.storage).sin_port);
}

}  // namespace h3server
