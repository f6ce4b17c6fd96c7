// The end of a ClientShard's turn: libcurl's timeouts, what is done, who may start, the flush; and its timers.
#include "client_shard.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace dodici {

namespace {

using Clock = std::chrono::steady_clock;

// A turn ends when nothing is left to do at once, or after so many rounds, so that no client starves its neighbours.
constexpr int kMostRoundsPerTurn = 8;

// Bytes of a body that flows wait for more of them so long at most.
constexpr std::chrono::microseconds kBodyInterval{500};

}  // namespace

void ClientShard::onTurnEnd() noexcept {
  touched_ = false;
  bool later = false;
  guarded([this, &later] {
    finishTurn();
    later = waitsForMore();
  });
  if (!later && batcher_.flush()) {
    lastFlush_ = Clock::now();
    resumeHeld();
  }
}

// While a body flows, each read would wake the JS thread for some 100 KB, and that costs it more than reading them.
bool ClientShard::waitsForMore() {
  if (!engine_ || !batcher_.onlyBody() || !held_.empty()) {
    return false;
  }
  const auto due = lastFlush_ + kBodyInterval;
  if (Clock::now() >= due) {
    return false;
  }
  engine_->flushTimer.wakeBy(due);
  return true;
}

void ClientShard::finishTurn() {
  if (!engine_) {
    return;
  }
  bool worked = true;
  for (int round = 0; worked && round < kMostRoundsPerTurn; ++round) {
    worked = false;
    if (engine_->timer.takeDue()) {
      engine_->multi.timeoutAction();
      worked = true;
    }
    engine_->multi.readDone([this, &worked](EasyHandle& easy, CURLcode code) {
      if (Tunnel* const tunnel = engine_->tunnels.findBy(easy)) {
        tunnel->onConnected(code);
        engine_->tunnels.onConnected(*tunnel);
        onTunnelMoved(*tunnel);
        worked = true;
        return;
      }
      auto& transfer = static_cast<Transfer&>(*easy.receiver());
      transfer.endByLibcurl(code);
      retire(transfer);
      worked = true;
    });
    for (const RequestId id : std::exchange(early_, {})) {
      if (Transfer* const transfer = find(id)) {
        transfer->endByLibcurl(CURLE_OK);
        retire(*transfer);
        worked = true;
      }
    }
    worked = startReady() || worked;
  }
  engine_->watchers.endTurn();
  if (worked) {
    loop_.post([self = shared_from_this()] { self->touch(); });
  }
  armTimers();
}

// Resuming calls back into onBody(), so it happens in a turn of its own.
void ClientShard::resumeHeld() {
  if (held_.empty()) {
    return;
  }
  loop_.post([self = shared_from_this()] {
    const auto held = std::exchange(self->held_, {});
    self->guarded([&] {
      for (const RequestId id : held) {
        if (Transfer* const transfer = self->find(id)) {
          transfer->onRoom();
        } else if (Tunnel* const tunnel = self->findTunnel(id)) {
          tunnel->move();
          self->onTunnelMoved(*tunnel);
        }
      }
    });
    self->touch();
  });
}

bool ClientShard::startReady() {
  bool any = false;
  while (const auto id = engine_->origins.takeReady()) {
    if (Transfer* const transfer = find(*id)) {
      run(*transfer);
      any = true;
    }
  }
  return any;
}

// The idle check runs now and then while sockets are open; an idle client has none, and no timer.
void ClientShard::armTimers() {
  if (const auto next = engine_->deadlines.nextSweep()) {
    engine_->sweepTimer.wakeBy(*next);
  }
  if (engine_->watchers.openCount() > 0 && !engine_->idleTimer.armed()) {
    using std::chrono::milliseconds;
    const auto interval =
        std::clamp(config_->options.keepAliveTimeout / 4, milliseconds(20), milliseconds(1000));
    engine_->idleTimer.wakeBy(Clock::now() + interval);
  }
}

void ClientShard::onSweep() {
  engine_->deadlines.sweep(Clock::now(), [this](RequestId id, DeadlineKind kind) {
    if (Transfer* const transfer = find(id)) {
      transfer->endByDeadline(kind);
      retire(*transfer);
    } else if (Tunnel* const tunnel = findTunnel(id)) {
      tunnel->endByDeadline(kind);
      onTunnelMoved(*tunnel);
    }
  });
}

// nghttp2 gives up a connection on which the peer broke the rules, and libcurl notices that with the next stream it looks
// at: there may be no other reason to look at one.
void ClientShard::onIdleCheck() {
  const auto multiplexed = engine_->watchers.multiplexed();
  for (const curl_socket_t socket : multiplexed) {
    engine_->multi.socketAction(socket, CURL_CSELECT_IN);
  }
  const auto stillIdle =
      engine_->watchers.shutDownIdle(Clock::now(), config_->options.keepAliveTimeout);
  if (stillIdle == 0 && engine_->transfers.size() == 0 && engine_->tunnels.empty()) {
    engine_->multi.closeIdleConnections();
  }
}

}  // namespace dodici
