// Every live tunnel of a client on one loop: few, and none in most clients.
//
// Threads: loop thread only.
// Owner:   ClientShard.
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
    return *(byId_[id] = std::move(tunnel));
  }

  // Null when there is none: it has ended, or is a transfer.
  Tunnel* find(RequestId id) const {
    const auto found = byId_.find(id);
    return found == byId_.end() ? nullptr : found->second.get();
  }

  Tunnel* findBy(const EasyHandle& easy) const {
    for (const auto& [id, tunnel] : byId_) {
      if (&tunnel->handle() == &easy) {
        return tunnel.get();
      }
    }
    return nullptr;
  }

  Tunnel* findBy(curl_socket_t socket) const {
    for (const auto& [id, tunnel] : byId_) {
      if (tunnel->socket() == socket) {
        return tunnel.get();
      }
    }
    return nullptr;
  }

  void remove(RequestId id) { byId_.erase(id); }

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
};

}  // namespace dodici
