#include "dodici/request_controller.h"

#include "client_shard.h"
#include "transfer/controller_block.h"

namespace dodici {

void RequestController::requestPause() { block_->pause.requestPause(); }

// Only a resume needs the loop's attention: a pause is read where it matters, in the body callback.
void RequestController::requestResume() {
  if (block_->pause.requestResume()) {
    block_->shard->send(PauseChangedCommand{block_->id});
  }
}

void RequestController::requestCancel() { block_->token.cancel(); }

const CancellationToken& RequestController::token() const { return block_->token; }

bool RequestController::paused() const { return block_->pause.paused(); }

}  // namespace dodici
