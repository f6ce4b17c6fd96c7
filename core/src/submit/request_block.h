// All that there is of one request until it starts, in one piece of memory: what to send, its place in the waiting line, and
// what its controllers and its Transfer share. Thousands may wait, so what only a started one needs is in Transfer.
//
// Threads: token and pause from any; ticket and the texts of `request` on the loop thread once submitted; the rest is constant.
// Owner:   shared by the controllers and the loop: either may be gone first.
#pragma once

#include "dodici/request.h"
#include "dodici/request_controller.h"
#include "submit/origin_queue.h"

#include <memory>
#include <utility>

namespace dodici {

class ClientShard;

struct RequestBlock {
  RequestBlock(CancellationToken requestToken, Request toSend, std::shared_ptr<ClientShard> on)
      : token(std::move(requestToken)),
        id(toSend.id),
        request(std::move(toSend)),
        shard(std::move(on)) {}

  const CancellationToken token;
  PauseState pause;
  const RequestId id;
  Request request;
  const std::shared_ptr<ClientShard> shard;
  OriginQueue::Ticket ticket;
  CancellationToken::Registration onCancelled;  // last: its callback uses the rest
};

}  // namespace dodici
