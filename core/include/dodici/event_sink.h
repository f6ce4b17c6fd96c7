// Is told when a client has a batch.
#pragma once

namespace dodici {

class EventSink {
 public:
  virtual ~EventSink() = default;

  // A batch waits: call Client::takeBatch() soon, on the consumer's thread. This is called on a loop thread, must
  // neither block nor throw, and is never called after Client's destructor has returned.
  virtual void onBatchReady() noexcept = 0;
};

}  // namespace dodici
