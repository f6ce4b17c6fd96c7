// The tunnels of a client on one loop: each on a connection of its own, beside the origins' waiting lines.
//
// Threads: loop thread only.
// Owner:   ClientEngine.
#pragma once

#include "curl/multi_handle.h"
#include "curl/socket_watchers.h"
#include "curl/tls_store.h"
#include "dodici/options.h"
#include "events/event_batcher.h"
#include "submit/request_block.h"
#include "transfer/deadlines.h"
#include "tunnel/tunnel_table.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dodici {

class TunnelRunner {
 public:
  struct Parts {
    const ClientOptions& options;
    const TlsStores& tls;
    EventBatcher& batcher;
    Deadlines& deadlines;
    SocketWatchers& watchers;
    MultiHandle& multi;
  };

  // `onEnded` is told of each tunnel that has ended.
  TunnelRunner(const Parts& parts, std::function<void()> onEnded);

  TunnelRunner(const TunnelRunner&) = delete;
  TunnelRunner& operator=(const TunnelRunner&) = delete;

  void open(const std::shared_ptr<RequestBlock>& block);

  // The functions that return bool return false when no tunnel has this id, socket or handle, or has it no longer: the event
  // is then somebody else's.
  bool knows(RequestId id) const { return table_.find(id) != nullptr; }

  bool cancel(RequestId id);

  bool onPauseChanged(RequestId id) { return move(id); }

  // The connection that EventType::connectionWanted asked for.
  bool onSocket(RequestId id, GivenSocket& socket);

  bool onBodyBytes(RequestId id, std::string& bytes);
  bool onBodyEnd(RequestId id);
  void set(RequestId id, SocketSetting setting, std::uint32_t value);
  bool endByDeadline(RequestId id, DeadlineKind kind);

  bool onRoom(RequestId id) { return move(id); }

  bool onSocketReady(int socket);
  // libcurl is done with connecting.
  bool onDone(EasyHandle& easy);

  // Sends what was written to the tunnels. Several pieces of one tunnel go in one write.
  void sendWritten();

  // Continues the tunnels that stopped reading in the turn before, because they had read enough.
  void readOn();

  // Some tunnels have more to read, and wait for another turn.
  bool wantsTurn() const { return !reading_.empty(); }

  // Some tunnels wait for room in the batch.
  bool hasHeld() const { return !held_.empty(); }

  std::vector<RequestId> takeHeld() { return std::exchange(held_, {}); }

  bool empty() const { return table_.empty(); }

  // The client ends, or is broken.
  void endAll(const Error& error);

 private:
  bool move(RequestId id);
  void onMoved(Tunnel& tunnel);

  const Parts parts_;
  const std::function<void()> onEnded_;
  TunnelTable table_;
  // Tunnels that have something to send, that wait for room in the batch, and that have read enough in this turn.
  std::vector<RequestId> written_;
  std::vector<RequestId> held_;
  std::vector<RequestId> reading_;
};

}  // namespace dodici
