// The tunnels of a client on one loop. Each has a connection of its own, and does not wait in an origin's line.
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

  // `onEnded` is called for each tunnel that has ended.
  TunnelRunner(const Parts& parts, std::function<void()> onEnded);

  TunnelRunner(const TunnelRunner&) = delete;
  TunnelRunner& operator=(const TunnelRunner&) = delete;

  void open(const std::shared_ptr<RequestBlock>& block);

  // Functions that return bool return false if no tunnel has this id, socket or handle (any more); then the event
  // belongs to somebody else.
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
  // libcurl has finished connecting, or failed.
  bool onDone(EasyHandle& easy);

  // Sends what was written to the tunnels. Pieces of one tunnel are sent in one write.
  void sendWritten();

  // Continues the tunnels that stopped reading in the turn before, because they had read enough.
  void readOn();

  // Whether some tunnels have more to read and wait for another turn.
  bool wantsTurn() const { return !reading_.empty(); }

  // Whether some tunnels wait for room in the batch.
  bool hasHeld() const { return !held_.empty(); }

  std::vector<RequestId> takeHeld() { return std::exchange(held_, {}); }

  bool empty() const { return table_.empty(); }

  // Ends all tunnels, because the client ends or has failed.
  void endAll(const Error& error);

 private:
  bool move(RequestId id);
  void onMoved(Tunnel& tunnel);

  const Parts parts_;
  const std::function<void()> onEnded_;
  TunnelTable table_;
  // Tunnels that have something to send, that wait for room in the batch, or that have read enough in this turn.
  std::vector<RequestId> written_;
  std::vector<RequestId> held_;
  std::vector<RequestId> reading_;
};

}  // namespace dodici
