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

  // Of all that follow: false when there is no such tunnel, or no more; it is somebody else's then.
  bool knows(RequestId id) const { return table_.find(id) != nullptr; }

  bool cancel(RequestId id);

  bool onPauseChanged(RequestId id) { return move(id); }

  // The connection that EventType::connectionWanted asked for.
  bool onSocket(RequestId id, GivenSocket& socket);

  bool onBodyBytes(RequestId id, std::string& bytes);
  bool onBodyEnd(RequestId id);
  bool endByDeadline(RequestId id, DeadlineKind kind);

  bool onRoom(RequestId id) { return move(id); }

  bool onSocketReady(curl_socket_t socket);
  // libcurl is done with connecting.
  bool onDone(EasyHandle& easy);

  // What was written to a tunnel in several pieces goes in one.
  void sendWritten();

  // Lets those go on that had read for long enough in the turn before.
  void readOn();

  // Some have more to read, and wait for another turn.
  bool wantsTurn() const { return !reading_.empty(); }

  // Those that wait for room in the batch.
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
  std::vector<RequestId> written_;  // have something to send
  std::vector<RequestId> held_;     // wait for room in the batch
  std::vector<RequestId> reading_;  // have read for long enough in this turn
};

}  // namespace dodici
