// Where a client rings when a batch waits.
#pragma once

namespace dodici {

class EventSink {
 public:
  virtual ~EventSink() = default;

  // A batch waits in the client: call Client::takeBatch() from the consumer's thread, soon.
  // Called on a loop thread; must neither block nor throw. Never called after Client's destructor returned.
  virtual void onBatchReady() noexcept = 0;
};

}  // namespace dodici
