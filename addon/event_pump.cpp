#include "event_pump.h"

#include <utility>

namespace dodici {

EventPump::EventPump(Napi::Env env)
    : env_(env),
      doorbell_(
          env,
          [](napi_env rungEnv, void* self) { static_cast<EventPump*>(self)->drain(rungEnv); },
          this
      ) {}

RunningClient& EventPump::open(
    ClientOptions options, std::optional<CollectorOptions> collecting, ClientWrap& wrap
) {
  clients_.push_back(
      std::make_unique<RunningClient>(std::move(options), collecting, wrap, doorbell_)
  );
  return *clients_.back();
}

void EventPump::drain(napi_env env) {
  // A handler runs the event loop itself. The current batch must be read to its end first.
  if (draining_) {
    rungMeanwhile_ = true;
    return;
  }
  draining_ = true;
  // Handlers may open clients meanwhile, which are appended; none is deleted before the end.
  const std::size_t count = clients_.size();
  std::size_t batches = 0;
  std::size_t step = 0;
  for (; step < count && batches < kMostBatches; ++step) {
    batches += drainClient(env, *clients_[(first_ + step) % count]);
  }
  draining_ = false;
  bool more = std::exchange(rungMeanwhile_, false);
  if (step < count) {
    first_ = (first_ + step) % count;
    more = true;
  }
  if (more) {
    doorbell_.ring();
  }
  deleteClosed();
}

std::size_t EventPump::drainClient(napi_env env, RunningClient& client) {
  if (!client.takeWaiting()) {
    return 0;
  }
  // Each loop may have filled one batch. Batches that they fill while JavaScript reads must wait for the next answer.
  const std::size_t most = client.loopCount() + 1;
  std::size_t batches = 0;
  while (batches < most && client.deliver(env, batch_, batchToJs_)) {
    ++batches;
  }
  if (batches == most) {
    client.onBatchReady();
  }
  client.settle();
  return batches;
}

void EventPump::deleteClosed() {
  std::erase_if(clients_, [](const auto& client) { return client->closed(); });
}

void EventPump::shutDown() {
  // All are told first, so that they close at the same time; the destructors wait.
  for (const auto& client : clients_) {
    client->destroyCore();
  }
  clients_.clear();
  batchToJs_.reset(env_);
  doorbell_.close();
}

}  // namespace dodici
