// Hands commands from any thread to one loop thread, in batches and in order.
#pragma once

#include "connections/given_socket.h"
#include "curl/tls_store.h"
#include "dodici/options.h"
#include "dodici/request.h"
#include "thread_annotations.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dodici {

struct RequestBlock;

struct SubmitCommand {
  std::shared_ptr<RequestBlock> block;
};

struct CancelCommand {
  RequestId id;
};

// The request's PauseState has changed; which way is read from there, so that only the last wish counts.
struct PauseChangedCommand {
  RequestId id;
};

struct BodyBytesCommand {
  RequestId id;
  std::string bytes;
};

struct BodyEndCommand {
  RequestId id;
};

// The answer to EventType::connectionWanted; no plan: the connection is not to be made.
struct ConnectCommand {
  RequestId id;
  std::optional<ConnectionPlan> plan;
};

// Connections that are made from here on are made with these.
struct TlsCommand {
  TlsStores tls;
};

// The connection that the request waits for.
struct SocketCommand {
  RequestId id;
  GivenSocket socket;
};

// The peer of a given socket will send no more, and it has not sent all.
struct LinkBrokenCommand {
  std::uint32_t link;
};

struct SocketSettingCommand {
  RequestId id;
  SocketSetting setting;
  std::uint32_t value;
};

struct BatchTakenCommand {};

struct DestroyCommand {};

using Command = std::variant<
    SubmitCommand,
    CancelCommand,
    PauseChangedCommand,
    BodyBytesCommand,
    BodyEndCommand,
    ConnectCommand,
    TlsCommand,
    SocketCommand,
    LinkBrokenCommand,
    SocketSettingCommand,
    BatchTakenCommand,
    DestroyCommand>;

// One per client and loop. The only lock on the way from submit() to the loop thread; it is held for one move.
//
// Threads: push() from any thread; drain() on the loop thread.
// Owner:   Client's part on that loop; no push() may be under way when it is destroyed.
class RequestQueue {
 public:
  // True when the queue was empty: the loop must be woken. The pushes that follow ride on that wake-up.
  [[nodiscard]] bool push(Command command) DODICI_EXCLUDES(mutex_);

  // Swaps what waits with `into`, which is cleared; both vectors keep their memory from drain to drain.
  void drain(std::vector<Command>& into) DODICI_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::vector<Command> waiting_ DODICI_GUARDED_BY(mutex_);
};

}  // namespace dodici
