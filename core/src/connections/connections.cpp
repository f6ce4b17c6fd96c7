#include "connections/connections.h"

#include <cassert>
#include <utility>

namespace dodici {

Connection& Connections::add() {
  const std::uint64_t serial = nextSerial_++;
  auto& made = all_[serial];
  made = std::make_unique<Connection>(serial);
  made->keepFor = keepAliveTimeout_;
  return *made;
}

void Connections::opened(
    Connection& connection,
    std::int64_t id,
    int socket,
    Protocol protocol,
    std::string_view origin,
    Clock::time_point now
) {
  assert(connection.socket == Connection::kNoSocket && "a connection is opened once");
  assert(findBySocket(socket) == nullptr && "the one that had this descriptor is closed");
  connection.id = id;
  connection.socket = socket;
  connection.protocol = protocol;
  connection.openedAt = now;
  connection.idleSince = now;
  connection.announcedFor = origin;
  bySocket_[socket] = &connection;
  if (id != Connection::kNoId) {
    byId_[id] = &connection;
  }
  ++openCount_;
  ended_.reserve(ended_.size() + openCount_);  // closed() must not throw
}

Connection* Connections::findById(std::int64_t id) const {
  const auto found = byId_.find(id);
  return found == byId_.end() ? nullptr : found->second;
}

Connection* Connections::findBySocket(int socket) const {
  const auto found = bySocket_.find(socket);
  return found == bySocket_.end() ? nullptr : found->second;
}

void Connections::closed(Connection& connection) {
  connection.state = Connection::State::closed;
  const auto found = bySocket_.find(connection.socket);
  if (found == bySocket_.end() || found->second != &connection) {
    return;
  }
  bySocket_.erase(found);
  byId_.erase(connection.id);
  --openCount_;
  ended_.push_back(connection.serial);
}

void Connections::forget(Connection& connection) {
  assert(connection.inUse == 0);
  if (connection.announcedFor.empty() && connection.origin == nullptr) {
    all_.erase(connection.serial);
  }
}

void Connections::tellEnded(const std::function<void(const Connection&)>& onEnded) {
  if (ended_.empty()) {
    return;
  }
  // The vector keeps its memory, as closed() must not allocate.
  std::vector<std::uint64_t> ended;
  ended.swap(ended_);
  for (const std::uint64_t serial : ended) {
    const auto found = all_.find(serial);
    if (found == all_.end()) {
      continue;
    }
    Connection& connection = *found->second;
    onEnded(connection);
    connection.announcedFor.clear();
    if (connection.inUse == 0) {
      forget(connection);
    }
  }
  if (ended_.empty()) {
    ended.clear();
    ended_.swap(ended);
  }
}

void Connections::forEachOpen(const std::function<void(Connection&)>& visit) {
  std::vector<std::uint64_t> open;
  open.reserve(bySocket_.size());
  for (const auto& [socket, connection] : bySocket_) {
    open.push_back(connection->serial);
  }
  for (const std::uint64_t serial : open) {
    const auto found = all_.find(serial);
    if (found != all_.end() && found->second->state != Connection::State::closed) {
      visit(*found->second);
    }
  }
}

}  // namespace dodici
