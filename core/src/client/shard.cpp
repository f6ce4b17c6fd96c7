#include "client/shard.h"

#include "client/turn.h"
#include "platform/turn_clock.h"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace dodici {

namespace {

// The queue's two vectors keep memory for this many commands; what a burst needed beyond that is freed.
constexpr std::size_t kMostCommandsKept = 1024;

// The longest time that bytes of a body wait for more of them.
constexpr std::chrono::microseconds kBodyInterval{500};

// The engine could not be made: the system has no more descriptors or memory, or there is a bug of ours.
Error notStarted(const std::exception& exception) {
  int number = 0;
  if (const auto* const ofSystem = dynamic_cast<const std::system_error*>(&exception)) {
    number = ofSystem->code().value();
  } else if (const auto* const ofAsio = dynamic_cast<const boost::system::system_error*>(&exception)) {
    number = ofAsio->code().value();
  }
  if (number == 0) {
    return Error{Errc::internal, 0, exception.what(), {}};
  }
  return Error{Errc::connectFailed, static_cast<std::uint32_t>(number), {}, {}};
}

}  // namespace

ClientShard::ClientShard(
    std::shared_ptr<ClientConfig> config,
    TlsStores tls,
    const std::shared_ptr<LoopPool>& pool,
    std::size_t loop,
    EventSink& sink
)
    : config_(std::move(config)),
      pool_(pool),
      loop_(pool->at(loop)),
      sink_(&sink),
      batcher_(
          mailbox_,
          config_->pool,
          [this] {
            if (sink_ != nullptr) {
              sink_->onBatchReady();
            }
          }
      ),
      tls_(std::move(tls)) {}

ClientShard::~ClientShard() = default;

void ClientShard::send(Command command) {
  if (queue_.push(std::move(command)) || wakeOwed_.exchange(false, std::memory_order_acq_rel)) {
    wake();
  }
}

// The first request of a quiet client wakes the loop at once, as nothing else would wake it soon.
void ClientShard::submit(SubmitCommand command) {
  const bool quiet = load_.fetch_add(1, std::memory_order_relaxed) == 0;
  if (quiet) {
    send(std::move(command));
  } else {
    sendLate(std::move(command));
  }
}

void ClientShard::sendLate(Command command) {
  if (queue_.push(std::move(command))) {
    wakeOwed_.store(true, std::memory_order_release);
  }
}

void ClientShard::flush() {
  if (wakeOwed_.exchange(false, std::memory_order_acq_rel)) {
    wake();
  }
}

void ClientShard::wake() {
  if (const auto pool = pool_.lock()) {
    loop_.post([self = shared_from_this()] { self->onCommands(); });
  }
}

bool ClientShard::takeBatch(EventBatch& batch) {
  const auto taken = mailbox_.take(batch);
  if (taken == Mailbox::Taken::batchAndLoopWaits) {
    send(BatchTakenCommand{});
  }
  return taken != Mailbox::Taken::nothing;
}

void ClientShard::detach() {
  send(DestroyCommand{});
  loop_.post([self = shared_from_this()] {
    self->sink_ = nullptr;
    const std::lock_guard lock(self->detachMutex_);
    self->isDetached_ = true;
    self->detached_.notify_all();
  });
  std::unique_lock lock(detachMutex_);
  detached_.wait(lock, [this] { return isDetached_; });
}

void ClientShard::touch() {
  if (!touched_) {
    touched_ = true;
    loop_.atTurnEnd(std::shared_ptr<LoopThread::TurnListener>(shared_from_this(), this));
  }
}

void ClientShard::onCommands() {
  TurnClock::stop();
  queue_.drain(commands_);
  for (auto& command : commands_) {
    guarded([&] { std::visit([this](auto& which) { onCommand(which); }, command); });
    if (broken_) {
      // Requests that were submitted in this turn start in the next one, in a new engine.
      onCommandWhileBroken(command);
    }
  }
  commands_.clear();
  if (commands_.capacity() > kMostCommandsKept) {
    commands_ = std::vector<Command>();
  }
  guarded([this] {
    if (engine_) {
      engine_->tunnels.sendWritten();
    }
  });
  touch();
}

// Handles a command while the engine is about to be destroyed: refuses a request that the engine does not know.
void ClientShard::onCommandWhileBroken(Command& command) noexcept {
  try {
    if (const auto* const submitted = std::get_if<SubmitCommand>(&command);
        submitted != nullptr && submitted->block && !knows(submitted->block->id)) {
      refuse(submitted->block->id, *broken_);
    } else if (auto* const newer = std::get_if<TlsCommand>(&command)) {
      onCommand(*newer);
    } else if (std::holds_alternative<DestroyCommand>(command)) {
      destroyed_ = true;
    }
  } catch (...) {
    // There is no memory for the record, so nobody can be told.
  }
}

bool ClientShard::knows(RequestId id) const {
  return engine_ && (engine_->requests.knows(id) || engine_->tunnels.knows(id));
}

void ClientShard::onCommand(SubmitCommand& command) {
  const RequestId id = command.block->id;
  if (destroyed_) {
    refuse(id, Error{Errc::aborted, 0, "the client is destroyed", {}});
    return;
  }
  try {
    start(command.block);
  } catch (const std::exception& exception) {
    if (knows(id)) {
      throw;
    }
    // Only this request fails, as the next one may succeed.
    refuse(id, notStarted(exception));
  }
}

void ClientShard::start(const std::shared_ptr<RequestBlock>& block) {
  if (!engine_) {
    makeEngine();
  }
  if (block->request.tunnel) {
    engine_->tunnels.open(block);
  } else {
    engine_->requests.admit(block);
  }
}

void ClientShard::refuse(RequestId id, const Error& error) {
  batcher_.failed(id, error);
  onEnded();
}

void ClientShard::makeEngine() {
  SocketWatchers::Listener& listener = *this;
  engine_ = std::make_unique<ClientEngine>(
      *config_,
      tls_,
      loop_.context(),
      listener,
      batcher_,
      [this] { onEnded(); },
      ClientEngine::Timers{
          .libcurl = [this] { touch(); },
          .deadlines = [this] { onTimer([this] { onDeadlines(); }); },
          .connections = [this] { onTimer([this] { engine_->keeper.expire(); }); },
          .flush = [this] { touch(); },
      }
  );
}

void ClientShard::destroyEngine(const Error& error) {
  if (!engine_) {
    return;
  }
  engine_->requests.endAll(error);
  engine_->tunnels.endAll(error);
  engine_->keeper.endAll();
  engine_.reset();
}

void ClientShard::onCommand(CancelCommand& command) {
  if (engine_ && !engine_->tunnels.cancel(command.id)) {
    engine_->requests.cancel(command.id);
  }
}

void ClientShard::onCommand(PauseChangedCommand& command) {
  if (engine_ && !engine_->tunnels.onPauseChanged(command.id)) {
    engine_->requests.onPauseChanged(command.id);
  }
}

void ClientShard::onCommand(BodyBytesCommand& command) {
  if (engine_ && !engine_->tunnels.onBodyBytes(command.id, command.bytes)) {
    engine_->requests.onBodyBytes(command.id, std::move(command.bytes));
  }
}

void ClientShard::onCommand(BodyEndCommand& command) {
  if (engine_ && !engine_->tunnels.onBodyEnd(command.id)) {
    engine_->requests.onBodyEnd(command.id);
  }
}

void ClientShard::onCommand(ConnectCommand& command) {
  if (engine_ && command.plan) {
    engine_->requests.connect(command.id, *command.plan);
  } else if (engine_) {
    engine_->requests.refuse(command.id);
  }
}

void ClientShard::onCommand(TlsCommand& command) { tls_ = std::move(command.tls); }

void ClientShard::onCommand(SocketCommand& command) {
  if (engine_ && !engine_->tunnels.onSocket(command.id, command.socket)) {
    engine_->requests.onSocket(command.id, std::move(command.socket));
  }
}

void ClientShard::onCommand(LinkBrokenCommand& command) {
  if (engine_ && !engine_->keeper.onLinkBroken(command.link)) {
    engine_->requests.onLinkBroken(command.link);
  }
}

void ClientShard::onCommand(SocketSettingCommand& command) {
  if (engine_) {
    engine_->tunnels.set(command.id, command.setting, command.value);
  }
}

// The end of the turn flushes the batch that waited, and resumes the transfers that waited for room.
void ClientShard::onCommand(BatchTakenCommand&) {}

void ClientShard::onCommand(DestroyCommand&) {
  if (!std::exchange(destroyed_, true)) {
    destroyEngine(Error{Errc::aborted, 0, "the client is destroyed", {}});
    batcher_.loopClosed();
  }
}

void ClientShard::onSocketReady(int socket, int events) {
  guarded([&] {
    if (engine_ && !engine_->tunnels.onSocketReady(socket)) {
      engine_->multi.socketAction(socket, events);
    }
  });
  touch();
}

SocketWatchers::Unread ClientShard::onUnread(int socket) {
  auto unread = SocketWatchers::Unread::left;
  guarded([&] {
    if (engine_) {
      unread = engine_->keeper.onUnread(socket);
    }
  });
  touch();
  return unread;
}

void ClientShard::onSocketClosed(int socket) noexcept {
  if (engine_) {
    engine_->keeper.onSocketClosed(socket);
  }
}

void ClientShard::onWatchingFailed(std::exception_ptr exception) {
  guarded([&exception] { std::rethrow_exception(std::move(exception)); });
}

void ClientShard::onDeadlines() {
  engine_->deadlines.sweep(
      std::chrono::steady_clock::now(),
      [this](RequestId id, DeadlineKind kind) {
        if (!engine_->tunnels.endByDeadline(id, kind)) {
          engine_->requests.endByDeadline(id, kind);
        }
      }
  );
}

void ClientShard::onTurnEnd() noexcept {
  touched_ = false;
  bool later = false;
  guarded([this, &later] {
    if (engine_) {
      const bool goesOn = finishTurn(*engine_);
      armTimers(*engine_);
      if (goesOn) {
        loop_.post([self = shared_from_this()] { self->touch(); });
      }
      later = waitsForMore();
    }
  });
  if (broken_) {
    destroyBroken();
  }
  if (!later && batcher_.flush()) {
    lastFlush_ = std::chrono::steady_clock::now();
    resumeHeld();
  }
}

// The next request makes a new engine.
void ClientShard::destroyBroken() noexcept {
  try {
    const Error error = *broken_;
    destroyEngine(error);
    if (destroyed_) {
      batcher_.loopClosed();
    }
  } catch (...) {
    engine_.reset();
  }
  broken_.reset();
}

// While a body flows, each read of some 100 KB would wake the JS thread, which costs it more than to read them.
bool ClientShard::waitsForMore() {
  if (!batcher_.onlyBody() || engine_->requests.hasHeld() || engine_->tunnels.hasHeld()) {
    return false;
  }
  const auto due = lastFlush_ + kBodyInterval;
  if (std::chrono::steady_clock::now() >= due) {
    return false;
  }
  engine_->flushTimer.wakeBy(due);
  return true;
}

// Resuming a transfer calls onBody(), so it is done in a turn of its own.
void ClientShard::resumeHeld() {
  if (!engine_ || (!engine_->requests.hasHeld() && !engine_->tunnels.hasHeld())) {
    return;
  }
  loop_.post([self = shared_from_this()] {
    self->guarded([&] {
      if (self->engine_) {
        for (const RequestId id : self->engine_->requests.takeHeld()) {
          self->engine_->requests.onRoom(id);
        }
        for (const RequestId id : self->engine_->tunnels.takeHeld()) {
          self->engine_->tunnels.onRoom(id);
        }
      }
    });
    self->touch();
  });
}

}  // namespace dodici
