// What a RequestController and the request's Transfer share. Internal to core.
//
// Threads: token and pause from any; the rest is constant after Client::submit().
// Owner:   shared by the controllers and the transfer: either may be gone first.
#pragma once

#include "dodici/request_controller.h"

#include <memory>
#include <utility>

namespace dodici {

class ClientShard;

struct RequestController::Block {
  explicit Block(CancellationToken requestToken) : token(std::move(requestToken)) {}

  const CancellationToken token;
  PauseState pause;
  RequestId id{};
  std::shared_ptr<ClientShard> shard;
  CancellationToken::Registration onCancelled;  // last: its callback uses the rest
};

}  // namespace dodici
