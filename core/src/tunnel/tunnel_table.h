// All live tunnels of a client on one loop. Most clients have none.
//
// Threads: loop thread only.
// Owner:   TunnelRunner.
#pragma once

#include "tunnel/tunnel.h"

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dodici {

class TunnelTable {
 public:
  Tunnel& add(std::unique_ptr<Tunnel> tunnel) {
    const RequestId id = tunnel->id();
    byHandle_[&tunnel->handle()] = tunnel.get();
    return *(byId_[id] = std::move(tunnel));
  }

  // Null if no tunnel has this id: it has ended, or the request is a transfer.
  Tunnel* find(RequestId id) const {
    const auto found = byId_.find(id);
    return found == byId_.end() ? nullptr : found->second.get();
  }

  // Finds a tunnel that is connecting. Null if the handle belongs to a transfer.
  Tunnel* findBy(const EasyHandle& easy) const {
    const auto found = byHandle_.find(&easy);
    return found == byHandle_.end() ? nullptr : found->second;
  }

  // From now on the tunnel is found by its socket, if it has one.
  void onConnected(Tunnel& tunnel) {
    byHandle_.erase(&tunnel.handle());
    if (tunnel.socket() != Tunnel::kNoSocket) {
      bySocket_[tunnel.socket()] = &tunnel;
    }
  }

  Tunnel* findBy(int socket) const {
    const auto found = bySocket_.find(socket);
    return found == bySocket_.end() ? nullptr : found->second;
  }

  void remove(Tunnel& tunnel) {
    byHandle_.erase(&tunnel.handle());
    bySocket_.erase(tunnel.socket());
    byId_.erase(tunnel.id());
  }

  std::vector<RequestId> ids() const {
    std::vector<RequestId> ids;
    for (const auto& [id, tunnel] : byId_) {
      ids.push_back(id);
    }
    return ids;
  }

  bool empty() const { return byId_.empty(); }

 private:
  std::unordered_map<RequestId, std::unique_ptr<Tunnel>> byId_;
  std::unordered_map<const EasyHandle*, Tunnel*> byHandle_;
  std::unordered_map<int, Tunnel*> bySocket_;
};

}  // namespace dodici
