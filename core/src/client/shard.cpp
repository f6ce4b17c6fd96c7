#include "client/shard.h"

#include "loop/turn_clock.h"

#include <boost/system/system_error.hpp>

#include <algorithm>
#include <chrono>
#include <exception>
#include <system_error>
#include <utility>

namespace dodici {

namespace {

// What a burst of requests has needed for its commands is given back; the two vectors of the queue keep this much.
constexpr std::size_t kMostCommandsKept = 1024;

// The system has run out of descriptors or memory, or something is wrong here.
Error notStarted(const std::exception& exception) {
  int number = 0;
  if (const auto* const ofSystem = dynamic_cast<const std::system_error*>(&exception)) {
    number = ofSystem->code().value();
  } else if (const auto* const ofAsio = dynamic_cast<const boost::system::system_error*>(&exception)) {
    number = ofAsio->code().value();
  }
  const Errc code = number == 0 ? Errc::internal : Errc::connectFailed;
  return Error{code, static_cast<std::uint32_t>(number), exception.what(), {}};
}

}  // namespace

ClientShard::ClientShard(
    std::shared_ptr<ClientConfig> config,
    const std::shared_ptr<LoopPool>& pool,
    std::size_t loop,
    EventSink& sink
)
    : config_(std::move(config)),
      pool_(pool),
      loop_(pool->at(loop)),
      sink_(&sink),
      batcher_(mailbox_, config_->pool, [this] {
        if (sink_ != nullptr) {
          sink_->onBatchReady();
        }
      }) {}

ClientShard::~ClientShard() = default;

void ClientShard::send(Command command) {
  if (queue_.push(std::move(command)) || wakeOwed_.exchange(false, std::memory_order_acq_rel)) {
    wake();
  }
}

// The first request of a quiet client goes at once: then latency counts, and there is nothing to ride on.
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
  }
  commands_.clear();
  if (commands_.capacity() > kMostCommandsKept) {
    commands_ = {};
  }
  guarded([this] { sendWritten(); });
  touch();
}

// What was written to a tunnel in several pieces goes in one.
void ClientShard::sendWritten() {
  for (const RequestId id : written_) {
    if (Tunnel* const tunnel = findTunnel(id)) {
      tunnel->moveUp();
      onTunnelMoved(*tunnel);
    }
  }
  written_.clear();
}

void ClientShard::onCommand(SubmitCommand& command) {
  const RequestId id = command.block->id;
  if (destroyed_) {
    refuse(id, Error{Errc::aborted, 0, "the client is destroyed", {}});
    return;
  }
  if (broken_) {
    refuse(id, *broken_);
    return;
  }
  try {
    if (!engine_) {
      makeEngine();
    }
    if (command.block->request.tunnel) {
      openTunnel(command.block);
    } else {
      admit(std::move(command.block));
    }
  } catch (const std::exception& exception) {
    if (find(id) != nullptr || findTunnel(id) != nullptr) {
      throw;
    }
    // Not even known yet: its trouble alone. The next one may be luckier.
    refuse(id, notStarted(exception));
  }
}

// A connection of its own, beside the origin's waiting line.
void ClientShard::openTunnel(const std::shared_ptr<RequestBlock>& block) {
  const Tunnel::Services services{
      config_->options, batcher_, engine_->deadlines, engine_->watchers};
  auto& tunnel = engine_->tunnels.add(std::make_unique<Tunnel>(
      services,
      std::move(block->request),
      std::shared_ptr<const PauseState>(block, &block->pause),
      std::make_unique<EasyHandle>(
          config_->options, engine_->watchers, config_->tls, config_->proxyTls
      )
  ));
  engine_->multi.add(tunnel.handle());
}

Tunnel* ClientShard::findTunnel(RequestId id) const {
  return engine_ ? engine_->tunnels.find(id) : nullptr;
}

// After anything that a tunnel did: it may have ended, or be full.
void ClientShard::onTunnelMoved(Tunnel& tunnel) {
  if (tunnel.ended()) {
    engine_->multi.remove(tunnel.handle());
    engine_->tunnels.remove(tunnel);
    load_.fetch_sub(1, std::memory_order_relaxed);
  } else if (tunnel.waitsForRoom()) {
    onWaitsForRoom(tunnel.id());
  }
}

void ClientShard::makeEngine() {
  SocketWatchers::Listener& listener = *this;
  engine_ = std::make_unique<ClientEngine>(
      *config_,
      loop_.context(),
      listener,
      ClientEngine::Timers{
          .libcurl = [this] { touch(); },
          .sweep = [this] { onTimer([this] { onSweep(); }); },
          .idle = [this] { onTimer([this] { onIdleCheck(); }); },
          .flush = [this] { touch(); },
      }
  );
}

void ClientShard::onCommand(CancelCommand& command) {
  if (Tunnel* const tunnel = findTunnel(command.id)) {
    tunnel->endBy(Error{Errc::aborted, 0, {}, {}});
    onTunnelMoved(*tunnel);
    return;
  }
  if (RequestBlock* const block = find(command.id)) {
    if (const Transfer* const transfer = findTransfer(command.id)) {
      askWhetherAlive(*transfer);
    }
    end(*block, Error{Errc::aborted, 0, {}, {}});
    retire(*block);
  }
}

void ClientShard::onCommand(PauseChangedCommand& command) {
  if (Tunnel* const tunnel = findTunnel(command.id)) {
    tunnel->move();
    onTunnelMoved(*tunnel);
    return;
  }
  if (Transfer* const transfer = findTransfer(command.id)) {
    transfer->onPauseChanged();
  }
}

void ClientShard::onCommand(BodyBytesCommand& command) {
  if (Tunnel* const tunnel = findTunnel(command.id)) {
    tunnel->onBodyBytes(std::move(command.bytes));
    written_.push_back(command.id);
    return;
  }
  if (RequestBlock* const block = find(command.id)) {
    transferOf(*block).onBodyBytes(std::move(command.bytes));
  }
}

void ClientShard::onCommand(BodyEndCommand& command) {
  if (Tunnel* const tunnel = findTunnel(command.id)) {
    tunnel->onBodyEnd();
    written_.push_back(command.id);
    return;
  }
  if (RequestBlock* const block = find(command.id)) {
    transferOf(*block).onBodyEnd();
  }
}

// The end of the turn flushes what waited, and resumes who waited.
void ClientShard::onCommand(BatchTakenCommand&) {}

void ClientShard::onCommand(DestroyCommand&) {
  if (!std::exchange(destroyed_, true)) {
    destroyEngine();
    batcher_.loopClosed();
  }
}

void ClientShard::onSocketReady(curl_socket_t socket, int events) {
  guarded([&] {
    Tunnel* const tunnel = engine_ ? engine_->tunnels.findBy(socket) : nullptr;
    if (tunnel != nullptr) {
      tunnel->move();
      onTunnelMoved(*tunnel);
    } else if (engine_) {
      engine_->multi.socketAction(socket, events);
    }
  });
  touch();
}

void ClientShard::onDisconnected(const std::string& origin, Errc code, std::uint32_t detail) {
  batcher_.disconnected(origin, code, detail);
  if (engine_) {
    const bool tls = origin.starts_with("https:");
    engine_->origins.onDisconnected(origin, tls ? Negotiation::alpn : Negotiation::none);
    touch();
  }
}

void ClientShard::onSuspect() { touch(); }

std::uint32_t ClientShard::onConnectionReady(Transfer& transfer, Protocol protocol, Ports ports) {
  const auto origin = transfer.text().origin();
  const auto use = engine_->watchers.noteRequest(origin, protocol, ports);
  if (use.announced) {
    batcher_.connected(origin);
  }
  engine_->origins.onProtocol(transfer.block().ticket, protocol);
  return use.requests;
}

void ClientShard::onCompleteEarly(RequestId id) {
  early_.push_back(id);
  touch();
}

void ClientShard::onWaitsForRoom(RequestId id) {
  held_.push_back(id);
  touch();
}

}  // namespace dodici
