// The end of a ClientShard's turn: libcurl's timeouts, what is done, who may start, the flush; and its timers.
#include "client/shard.h"

#include <chrono>
#include <cstdint>
#include <unordered_set>
#include <utility>

namespace dodici {

namespace {

using Clock = std::chrono::steady_clock;

// A turn ends when nothing is left to do at once, or after so many rounds, so that no client starves its neighbours.
constexpr int kMostRoundsPerTurn = 8;

// Bytes of a body that flows wait for more of them so long at most.
constexpr std::chrono::microseconds kBodyInterval{500};

// How often libcurl is asked to look at its connections, while there may be something to see. It does not look more often.
constexpr std::chrono::seconds kLookInterval{1};

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
  // Before requests are started, which might get such a connection; and again when transfers have ended.
  judgeIdle();
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
      if (transfer.turnedAway()) {
        engine_->multi.remove(easy);
        engine_->multi.add(transfer.startAgain());
        worked = true;
        return;
      }
      transfer.endByLibcurl(code);
      retire(transfer.block());
      worked = true;
    });
    for (const RequestId id : std::exchange(early_, {})) {
      if (Transfer* const transfer = findTransfer(id)) {
        transfer->endByLibcurl(CURLE_OK);
        retire(transfer->block());
        worked = true;
      }
    }
    engine_->watchers.tellEndings();
    worked = startReady() || worked;
  }
  judgeIdle();
  engine_->watchers.tellEndings();
  engine_->watchers.acquit();
  worked = closeGone() || worked;
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
        if (Transfer* const transfer = self->findTransfer(id)) {
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
    if (RequestBlock* const block = find(*id)) {
      run(*block);
      any = true;
    }
  }
  return any;
}

// An idle client has no sockets, and no timer.
void ClientShard::armTimers() {
  if (const auto next = engine_->deadlines.nextSweep()) {
    engine_->sweepTimer.wakeBy(*next);
  }
  const auto& watchers = engine_->watchers;
  if (watchers.nextIdleCheck() != Clock::time_point::max()) {
    engine_->idleTimer.wakeBy(watchers.nextIdleCheck());
  }
  if (watchers.goneCount() > 0 || !watchers.multiplexed().empty()) {
    engine_->idleTimer.wakeBy(Clock::now() + kLookInterval);
  }
}

void ClientShard::onSweep() {
  engine_->deadlines.sweep(Clock::now(), [this](RequestId id, DeadlineKind kind) {
    if (Transfer* const transfer = findTransfer(id)) {
      askWhetherAlive(*transfer);
      transfer->endByDeadline(kind);
      retire(transfer->block());
    } else if (Tunnel* const tunnel = findTunnel(id)) {
      tunnel->endByDeadline(kind);
      onTunnelMoved(*tunnel);
    }
  });
}

// REQUIRES: its stream is still open, and is reset next. libcurl sends the PING with that.
void ClientShard::askWhetherAlive(const Transfer& transfer) {
  if (MultiHandle::kPings && transfer.streamStalls() &&
      engine_->watchers.doubts(transfer.ports(), Clock::now())) {
    engine_->multi.ping();
  }
}

// nghttp2 gives up a connection on which the peer broke the rules, and libcurl notices that with the next stream it looks
// at: there may be no other reason to look at one.
void ClientShard::onIdleCheck() {
  const auto multiplexed = engine_->watchers.multiplexed();
  for (const curl_socket_t socket : multiplexed) {
    engine_->multi.socketAction(socket, CURL_CSELECT_IN);
  }
  engine_->watchers.endSilent(Clock::now());
  engine_->watchers.suspectIdle(Clock::now());
}

// A connection that is closed or has been idle for too long ends here, unless a transfer that is paused holds it.
void ClientShard::judgeIdle() {
  auto& watchers = engine_->watchers;
  if (!watchers.hasSuspects()) {
    return;
  }
  std::unordered_set<std::uint32_t> inUse;
  for (const RequestId id : engine_->transfers.ids()) {
    if (const Transfer* const transfer = engine_->transfers.findTransfer(id)) {
      inUse.insert(transfer->ports().key());
    }
  }
  watchers.judge(inUse, Clock::now());
}

// libcurl notices at a connection's next use that it is gone. The descriptors should not wait for that.
// True when libcurl has worked.
bool ClientShard::closeGone() {
  const auto& watchers = engine_->watchers;
  if (watchers.goneCount() == 0) {
    return false;
  }
  if (engine_->transfers.size() == 0 && engine_->tunnels.empty() && !watchers.keepsIdle()) {
    engine_->multi.closeIdleConnections();
  } else if (const auto now = Clock::now(); now >= nextClosing_) {
    nextClosing_ = now + kLookInterval;
    engine_->multi.closeBrokenConnections();
    return true;
  }
  return false;
}

}  // namespace dodici
