// Packets that the server sends outside of connections.
#include "report.h"
#include "server.h"

#include <array>

namespace h3server {

namespace {

using Packet = std::array<std::uint8_t, kMostPerDatagram>;

std::string_view bytesOf(const Packet& packet, ngtcp2_ssize length) {
  return {
      reinterpret_cast<const char*>(packet.data()),
      static_cast<std::size_t>(length > 0 ? length : 0)};
}

}  // namespace

void Server::sendVersions(const ngtcp2_version_cid& ids, Address& to) {
  Packet packet;
  std::vector<std::uint32_t> versions = options_.versions;
  if (versions.empty()) {
    versions = {NGTCP2_PROTO_VER_V1};
  }
  const ngtcp2_ssize length = ngtcp2_pkt_write_version_negotiation(
      packet.data(),
      packet.size(),
      0,
      ids.scid,
      ids.scidlen,
      ids.dcid,
      ids.dcidlen,
      versions.data(),
      versions.size()
  );
  sendDatagram(to.view(), bytesOf(packet, length));
}

void Server::sendReset(const ngtcp2_version_cid& ids, Address& to) {
  Packet packet;
  ngtcp2_cid id;
  ngtcp2_cid_init(&id, ids.dcid, ids.dcidlen);
  ngtcp2_stateless_reset_token token{};
  makeResetToken(id, token.data);
  std::array<std::uint8_t, 20> random;
  fillWithRandom(random.data(), random.size());
  const ngtcp2_ssize length = ngtcp2_pkt_write_stateless_reset2(
      packet.data(), packet.size(), &token, random.data(), random.size()
  );
  sendDatagram(to.view(), bytesOf(packet, length));
}

void Server::sendRetry(const Arrival& arrival, Address& to) {
  Packet packet;
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN> token;
  const ngtcp2_cid id = randomId();
  const ngtcp2_addr address = to.view();
  const ngtcp2_ssize tokenLength = ngtcp2_crypto_generate_retry_token(
      token.data(),
      secret_.data(),
      secret_.size(),
      arrival.head.version,
      address.addr,
      address.addrlen,
      &id,
      &arrival.head.dcid,
      now()
  );
  const ngtcp2_ssize length = ngtcp2_crypto_write_retry(
      packet.data(),
      packet.size(),
      arrival.head.version,
      &arrival.head.scid,
      &id,
      &arrival.head.dcid,
      token.data(),
      static_cast<std::size_t>(tokenLength)
  );
  Report("retry").number("port", portOf(to)).write();
  sendDatagram(to.view(), bytesOf(packet, length));
}

void Server::sendRefusal(const Arrival& arrival, Address& to) {
  Packet packet;
  const ngtcp2_ssize length = ngtcp2_crypto_write_connection_close(
      packet.data(),
      packet.size(),
      arrival.head.version,
      &arrival.head.scid,
      &arrival.head.dcid,
      *options_.refusal,
      nullptr,
      0
  );
  Report("refused").number("port", portOf(to)).write();
  sendDatagram(to.view(), bytesOf(packet, length));
}

}  // namespace h3server
