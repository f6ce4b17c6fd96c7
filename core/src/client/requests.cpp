// How a ClientShard's requests are admitted, start and end.
#include "client/shard.h"

#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace dodici {

namespace {

Negotiation negotiationOf(const Request& request, const RequestText& text) {
  return text.isTls() && request.allowHttp2 ? Negotiation::alpn : Negotiation::none;
}

}  // namespace

void ClientShard::admit(std::shared_ptr<RequestBlock> submitted) {
  auto& block = engine_->transfers.add(std::move(submitted));
  const RequestText text(block.request.text);
  const auto negotiation = negotiationOf(block.request, text);
  // Connections made for another name cannot serve this one.
  const Decision decision =
      text.servername().empty()
          ? engine_->origins.admit(text.origin(), negotiation, block.id, block.ticket)
          : engine_->origins.admit(
                std::string(text.origin()).append(" ").append(text.servername()),
                negotiation,
                block.id,
                block.ticket
            );
  if (decision == Decision::run) {
    run(block);
  }
}

// Null when it has ended.
RequestBlock* ClientShard::find(RequestId id) const {
  return engine_ ? engine_->transfers.find(id) : nullptr;
}

// Null also when it has not started.
Transfer* ClientShard::findTransfer(RequestId id) const {
  return engine_ ? engine_->transfers.findTransfer(id) : nullptr;
}

Transfer& ClientShard::transferOf(RequestBlock& block) {
  if (Transfer* const transfer = engine_->transfers.findTransfer(block.id)) {
    return *transfer;
  }
  const Transfer::Services services{
      config_->options, batcher_, engine_->deadlines, engine_->watchers, *this};
  return engine_->transfers.start(block, std::make_unique<Transfer>(services, block));
}

void ClientShard::run(RequestBlock& block) {
  engine_->multi.add(transferOf(block).prepare(engine_->handles.take()));
}

// retire() is to follow, when libcurl can let go of the handle.
void ClientShard::end(RequestBlock& block, const Error& error) {
  if (Transfer* const transfer = engine_->transfers.findTransfer(block.id)) {
    transfer->endBy(error);
  } else {
    batcher_.failed(block.id, error);
  }
}

// REQUIRES: the request has ended. Forgets it.
void ClientShard::retire(RequestBlock& block) {
  Transfer* const transfer = engine_->transfers.findTransfer(block.id);
  if (transfer != nullptr && transfer->handle() != nullptr) {
    engine_->multi.remove(*transfer->handle());
    failWaitersOf(*transfer);
    engine_->handles.give(transfer->takeHandle());
  }
  engine_->origins.release(block.ticket);
  engine_->transfers.remove(block.id);
  load_.fetch_sub(1, std::memory_order_relaxed);
}

void ClientShard::refuse(RequestId id, const Error& error) {
  batcher_.failed(id, error);
  load_.fetch_sub(1, std::memory_order_relaxed);
}

// Those who waited for this transfer's connection will get none either.
void ClientShard::failWaitersOf(Transfer& transfer) {
  if (!transfer.connectFailure()) {
    return;
  }
  failed_.clear();
  engine_->origins.onConnectFailed(transfer.block().ticket, failed_);
  for (const RequestId id : failed_) {
    if (RequestBlock* const waiter = find(id)) {
      end(*waiter, *transfer.connectFailure());
      engine_->transfers.remove(id);
      load_.fetch_sub(1, std::memory_order_relaxed);
    }
  }
}

void ClientShard::destroyEngine() {
  if (!engine_) {
    return;
  }
  for (const RequestId id : engine_->transfers.ids()) {
    RequestBlock& block = *engine_->transfers.find(id);
    end(block, broken_ ? *broken_ : Error{Errc::aborted, 0, "the client is destroyed", {}});
    const Transfer* const transfer = engine_->transfers.findTransfer(id);
    if (transfer != nullptr && transfer->handle() != nullptr) {
      try {
        engine_->multi.remove(*transfer->handle());
      } catch (const std::exception&) {
        // It goes with the multi handle.
      }
    }
    engine_->origins.release(block.ticket);
    engine_->transfers.remove(id);
    load_.fetch_sub(1, std::memory_order_relaxed);
  }
  for (const RequestId id : engine_->tunnels.ids()) {
    Tunnel& tunnel = *engine_->tunnels.find(id);
    tunnel.endBy(broken_ ? *broken_ : Error{Errc::aborted, 0, "the client is destroyed", {}});
    try {
      engine_->multi.remove(tunnel.handle());
    } catch (const std::exception&) {
      // It goes with the multi handle.
    }
    engine_->tunnels.remove(tunnel);
    load_.fetch_sub(1, std::memory_order_relaxed);
  }
  held_.clear();
  engine_.reset();
}

}  // namespace dodici
