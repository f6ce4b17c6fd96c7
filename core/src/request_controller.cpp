#include "dodici/request_controller.h"

#include "client_shard.h"
#include "submit/request_block.h"

namespace dodici {

// The body callback reads the flag at once; the command stops the body timeout, which may run while nothing arrives.
void RequestController::requestPause() {
  if (block_->pause.requestPause()) {
    block_->shard->send(PauseChangedCommand{block_->id});
  }
}

void RequestController::requestResume() {
  if (block_->pause.requestResume()) {
    block_->shard->send(PauseChangedCommand{block_->id});
  }
}

void RequestController::requestCancel() { block_->token.cancel(); }

const CancellationToken& RequestController::token() const { return block_->token; }

bool RequestController::paused() const { return block_->pause.paused(); }

}  // namespace dodici
