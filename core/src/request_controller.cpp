#include "dodici/request_controller.h"

#include "client/shard.h"
#include "submit/request_block.h"

namespace dodici {

void RequestBlock::onCancel() noexcept { shard->send(CancelCommand{id}); }

// The body callback reads the flag at once. The command stops the body timeout, which would run on if no bytes arrive.
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

void RequestController::requestCancel() { block_->cancel(); }

CancellationToken RequestController::token() const { return CancellationToken(block_); }

bool RequestController::paused() const { return block_->pause.paused(); }

}  // namespace dodici
