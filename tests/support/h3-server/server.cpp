#include "server.h"

#include "report.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace h3server {

namespace {

std::string keyOf(const std::uint8_t* id, std::size_t length) {
  return {reinterpret_cast<const char*>(id), length};
}

std::array<std::uint8_t, 32> newSecret() {
  std::array<std::uint8_t, 32> bytes;
  fillWithRandom(bytes.data(), bytes.size());
  return bytes;
}

}  // namespace

Server::Server(Options options)
    : options_(std::move(options)), tls_(options_), secret_(newSecret()) {
  listen();
}

Server::~Server() { ::close(socket_); }

void Server::listen() {
  auto& in = reinterpret_cast<sockaddr_in&>(local_.storage);
  local_.length = sizeof in;
  in.sin_family = AF_INET;
  in.sin_port = htons(options_.port);
  socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int bufferSize = 4 << 20;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bufferSize, sizeof bufferSize);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDBUF, &bufferSize, sizeof bufferSize);
  auto* address = reinterpret_cast<sockaddr*>(&local_.storage);
  if (::inet_pton(AF_INET, options_.host.c_str(), &in.sin_addr) != 1 ||
      ::bind(socket_, address, local_.length) != 0 ||
      ::getsockname(socket_, address, &local_.length) != 0) {
    throw std::runtime_error("cannot listen on " + options_.host);
  }
}

void Server::receive() {
  std::array<char, 65536> buffer;
  for (;;) {
    Address from;
    from.length = sizeof from.storage;
    auto* address = reinterpret_cast<sockaddr*>(&from.storage);
    const ssize_t size =
        ::recvfrom(socket_, buffer.data(), buffer.size(), 0, address, &from.length);
    if (size < 0) {
      return;
    }
    onDatagram({buffer.data(), static_cast<std::size_t>(size)}, from);
  }
}

void Server::onDatagram(std::string_view packet, Address& from) {
  ngtcp2_version_cid ids{};
  const int error = ngtcp2_pkt_decode_version_cid(
      &ids, reinterpret_cast<const std::uint8_t*>(packet.data()), packet.size(), randomId().datalen
  );
  if (error == NGTCP2_ERR_VERSION_NEGOTIATION) {
    sendVersions(ids, from);
    return;
  }
  if (error != 0) {
    return;
  }
  const auto at = byId_.find(keyOf(ids.dcid, ids.dcidlen));
  if (at == byId_.end()) {
    onUnknown(packet, ids, from);
  } else {
    at->second->read(packet, from);
  }
}

void Server::onUnknown(std::string_view packet, const ngtcp2_version_cid& ids, Address& from) {
  Arrival arrival;
  arrival.from = from;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(packet.data());
  if (ngtcp2_accept(&arrival.head, bytes, packet.size()) != 0) {
    if (ids.version == 0 && options_.resetsUnknown) {
      sendReset(ids, from);
    }
    return;
  }
  if (!options_.versions.empty()) {
    Report("versions").number("port", portOf(from)).write();
    sendVersions(ids, from);
    return;
  }
  if (answerOtherwise(arrival)) {
    return;
  }
  connections_.push_back(
      std::make_unique<Connection>(connections_.size(), *this, tls_, options_, arrival)
  );
  connections_.back()->read(packet, from);
}

bool Server::answerOtherwise(Arrival& arrival) {
  if (options_.refusal) {
    sendRefusal(arrival, arrival.from);
    return true;
  }
  if (!options_.retries) {
    return false;
  }
  if (arrival.head.tokenlen == 0) {
    sendRetry(arrival, arrival.from);
    return true;
  }
  const ngtcp2_addr from = arrival.from.view();
  ngtcp2_cid before{};
  const int error = ngtcp2_crypto_verify_retry_token(
      &before,
      arrival.head.token,
      arrival.head.tokenlen,
      secret_.data(),
      secret_.size(),
      arrival.head.version,
      from.addr,
      from.addrlen,
      &arrival.head.dcid,
      10 * NGTCP2_SECONDS,
      now()
  );
  if (error != 0) {
    Report("error").text("message", "a token that is not ours").write();
    return true;
  }
  arrival.beforeRetry = before;
  return false;
}

void Server::turn() {
  for (const auto& connection : connections_) {
    if (connection->expiry() <= now()) {
      connection->onExpired();
    }
    connection->flush();
  }
}

int Server::millisecondsToWait() const {
  ngtcp2_tstamp next = UINT64_MAX;
  for (const auto& connection : connections_) {
    next = std::min(next, connection->expiry());
  }
  if (next == UINT64_MAX) {
    return -1;
  }
  const ngtcp2_tstamp at = now();
  return next <= at ? 0 : static_cast<int>((next - at) / NGTCP2_MILLISECONDS) + 1;
}

void Server::sendDatagram(const ngtcp2_addr& to, std::string_view bytes) {
  // What the socket does not take is lost, as on any network.
  ::sendto(socket_, bytes.data(), bytes.size(), 0, to.addr, to.addrlen);
}

void Server::addId(const ngtcp2_cid& id, Connection& connection) {
  byId_[keyOf(id.data, id.datalen)] = &connection;
}

void Server::removeId(const ngtcp2_cid& id) { byId_.erase(keyOf(id.data, id.datalen)); }

void Server::makeResetToken(const ngtcp2_cid& id, std::uint8_t* token) const {
  ngtcp2_crypto_generate_stateless_reset_token(token, secret_.data(), secret_.size(), &id);
}

}  // namespace h3server
