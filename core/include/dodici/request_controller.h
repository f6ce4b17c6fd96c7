// The submitter's handle of one request: its cancellation token and its pause state.
//
// Threads: any. Calls are recorded at once, and the loop thread carries them out soon after.
// Owner:   copies share one block, so a copy may outlive the request and the client; then its calls do nothing. It must
//          not be used once the request's id is used again, because commands go by id.
#pragma once

#include "dodici/cancellation_token.h"
#include "dodici/request.h"

#include <atomic>
#include <cstdint>
#include <memory>

namespace dodici {

// Whether the request is paused: written by the submitter, read by the loop thread in its body callback.
class PauseState {
 public:
  // Both return whether the state changed.
  bool requestPause() { return !paused_.exchange(true, std::memory_order_acq_rel); }

  bool requestResume() { return paused_.exchange(false, std::memory_order_acq_rel); }

  bool paused() const { return paused_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> paused_{false};
};

struct RequestBlock;

class RequestController {
 public:
  RequestController() = default;

  // The loop thread stops handing over body bytes, but those already in a batch still come.
  void requestPause();
  void requestResume();

  // Ends the request with Errc::aborted, unless it has ended before. The same as token().cancel().
  void requestCancel();

  CancellationToken token() const;

  bool paused() const;

  explicit operator bool() const { return block_ != nullptr; }

 private:
  friend class Client;
  std::shared_ptr<RequestBlock> block_;
};

}  // namespace dodici
