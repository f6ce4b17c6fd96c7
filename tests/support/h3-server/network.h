// What a connection needs of the server around it.
//
// Owner: the server, which is one; it outlives the connections.
#pragma once

#include <ngtcp2/ngtcp2.h>
#include <sys/socket.h>

#include <string>
#include <string_view>

namespace h3server {

class Connection;

// Small enough for any path, as nothing probes for more.
inline constexpr std::size_t kMostPerDatagram = 1200;

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  ngtcp2_addr view() { return {reinterpret_cast<sockaddr*>(&storage), length}; }
};

class Network {
 public:
  virtual ~Network() = default;

  virtual void sendDatagram(const ngtcp2_addr& to, std::string_view bytes) = 0;
  // Packets for this id belong to the connection until it is removed.
  virtual void addId(const ngtcp2_cid& id, Connection& connection) = 0;
  virtual void removeId(const ngtcp2_cid& id) = 0;
  // Writes the token by which a client with this id knows a stateless reset.
  virtual void makeResetToken(const ngtcp2_cid& id, std::uint8_t* token) const = 0;
  virtual ngtcp2_addr local() = 0;
};

ngtcp2_tstamp now();
ngtcp2_cid randomId();
void fillWithRandom(std::uint8_t* to, std::size_t count);
std::uint16_t portOf(const Address& address);

}  // namespace h3server
