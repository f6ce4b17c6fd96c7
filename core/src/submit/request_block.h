// One request until it starts, in one piece of memory: what to send, its place in the waiting line and in the tree of
// cancellation, and the state that its controllers and its Transfer share. Thousands may wait, so what only a started
// request needs is in Transfer.
//
// Threads: pause and cancellation: any. Once submitted, ticket, `asks` and the texts of `request`: loop thread. The
//          rest is constant.
// Owner:   shared by the controllers, their tokens and the loop, any of which may go first.
#pragma once

#include "cancellation_state.h"
#include "connections/origin_queue.h"
#include "dodici/request.h"
#include "dodici/request_controller.h"

#include <memory>
#include <utility>

namespace dodici {

class ClientShard;

struct RequestBlock final : CancellationToken::State {
  RequestBlock(const CancellationToken& parent, Request toSend, std::shared_ptr<ClientShard> on)
      : State(parent.state()), id(toSend.id), shard(std::move(on)), request(std::move(toSend)) {}

  PauseState pause;
  bool asks = false;  // whether its connection waits for an answer to EventType::connectionWanted
  const RequestId id;
  const std::shared_ptr<ClientShard> shard;
  Request request;
  OriginQueue::Ticket ticket;

 private:
  void onCancel() noexcept override;
};

}  // namespace dodici
