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

// The request's PauseState has changed. The new state is read from there, so that only the last change counts.
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

// The answer to EventType::connectionWanted. Without a plan the connection is not made.
struct ConnectCommand {
  RequestId id;
  std::optional<ConnectionPlan> plan;
};

// New connections use these from here on.
struct TlsCommand {
  TlsStores tls;
};

// The connection that the request waits for.
struct SocketCommand {
  RequestId id;
  GivenSocket socket;
};

// A given socket has broken: it ended before the peer's data was complete.
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

// One per client and loop. Its lock is the only one on the way from submit() to the loop thread, and is held for one
// move.
//
// Threads: push() from any thread; drain() on the loop thread.
// Owner:   Client's part on that loop; no push() may be under way when it is destroyed.
class RequestQueue {
 public:
  // Returns true if the queue was empty, so that the loop must be woken. Later pushes need no further wake-up.
  [[nodiscard]] bool push(Command command) DODICI_EXCLUDES(mutex_);

  // Clears `into` and swaps it with the waiting commands. Both vectors keep their memory.
  void drain(std::vector<Command>& into) DODICI_EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  std::vector<Command> waiting_ DODICI_GUARDED_BY(mutex_);
};

}  // namespace dodici
