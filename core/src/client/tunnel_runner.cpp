#include "client/tunnel_runner.h"

#include <exception>

namespace dodici {

TunnelRunner::TunnelRunner(const Parts& parts, std::function<void()> onEnded)
    : parts_(parts), onEnded_(std::move(onEnded)) {}

void TunnelRunner::open(const std::shared_ptr<RequestBlock>& block) {
  const Tunnel::Services services{
      parts_.options, parts_.batcher, parts_.deadlines, parts_.watchers};
  auto& tunnel = table_.add(std::make_unique<Tunnel>(
      services,
      std::move(block->request),
      std::shared_ptr<const PauseState>(block, &block->pause),
      std::make_unique<EasyHandle>(parts_.options, parts_.watchers, parts_.tls)
  ));
  if (parts_.options.socketsAreGiven) {
    parts_.batcher.connectionWanted(tunnel.id());
  } else {
    parts_.multi.add(tunnel.handle());
  }
}

bool TunnelRunner::onSocket(RequestId id, GivenSocket& socket) {
  Tunnel* const tunnel = table_.find(id);
  if (tunnel != nullptr && tunnel->handle().link() == 0) {
    tunnel->handle().giveSocket(std::move(socket));
    parts_.multi.add(tunnel->handle());
  }
  return tunnel != nullptr;
}

bool TunnelRunner::cancel(RequestId id) {
  Tunnel* const tunnel = table_.find(id);
  if (tunnel != nullptr) {
    tunnel->cancel();
    onMoved(*tunnel);
  }
  return tunnel != nullptr;
}

bool TunnelRunner::onBodyBytes(RequestId id, std::string& bytes) {
  Tunnel* const tunnel = table_.find(id);
  if (tunnel != nullptr) {
    tunnel->onBodyBytes(std::move(bytes));
    written_.push_back(id);
  }
  return tunnel != nullptr;
}

bool TunnelRunner::onBodyEnd(RequestId id) {
  Tunnel* const tunnel = table_.find(id);
  if (tunnel != nullptr) {
    tunnel->onBodyEnd();
    written_.push_back(id);
  }
  return tunnel != nullptr;
}

void TunnelRunner::set(RequestId id, SocketSetting setting, std::uint32_t value) {
  if (Tunnel* const tunnel = table_.find(id)) {
    tunnel->set(setting, value);
  }
}

bool TunnelRunner::endByDeadline(RequestId id, DeadlineKind kind) {
  Tunnel* const tunnel = table_.find(id);
  if (tunnel != nullptr) {
    tunnel->endByDeadline(kind);
    onMoved(*tunnel);
  }
  return tunnel != nullptr;
}

bool TunnelRunner::onSocketReady(int socket) {
  Tunnel* const tunnel = table_.findBy(socket);
  if (tunnel != nullptr) {
    tunnel->move();
    onMoved(*tunnel);
  }
  return tunnel != nullptr;
}

bool TunnelRunner::onDone(EasyHandle& easy) {
  Tunnel* const tunnel = table_.findBy(easy);
  if (tunnel != nullptr) {
    tunnel->onConnected();
    table_.onConnected(*tunnel);
    onMoved(*tunnel);
  }
  return tunnel != nullptr;
}

void TunnelRunner::sendWritten() {
  for (const RequestId id : written_) {
    if (Tunnel* const tunnel = table_.find(id)) {
      tunnel->moveUp();
      onMoved(*tunnel);
    }
  }
  written_.clear();
}

void TunnelRunner::readOn() {
  for (const RequestId id : std::exchange(reading_, {})) {
    if (Tunnel* const tunnel = table_.find(id)) {
      tunnel->goOn();
      onMoved(*tunnel);
    }
  }
}

void TunnelRunner::endAll(const Error& error) {
  for (const RequestId id : table_.ids()) {
    Tunnel& tunnel = *table_.find(id);
    tunnel.endBy(error);
    try {
      parts_.multi.remove(tunnel.handle());
    } catch (const std::exception&) {
      // The handle is destroyed with the multi handle.
    }
    table_.remove(tunnel);
    onEnded_();
  }
  written_.clear();
  held_.clear();
  reading_.clear();
}

bool TunnelRunner::move(RequestId id) {
  Tunnel* const tunnel = table_.find(id);
  if (tunnel != nullptr) {
    tunnel->move();
    onMoved(*tunnel);
  }
  return tunnel != nullptr;
}

// Call this after any work of a tunnel: it may have ended, or wait for room.
void TunnelRunner::onMoved(Tunnel& tunnel) {
  if (tunnel.ended()) {
    parts_.multi.remove(tunnel.handle());
    table_.remove(tunnel);
    onEnded_();
  } else if (tunnel.waitsForRoom()) {
    held_.push_back(tunnel.id());
  } else if (tunnel.wantsTurn()) {
    reading_.push_back(tunnel.id());
  }
}

}  // namespace dodici
