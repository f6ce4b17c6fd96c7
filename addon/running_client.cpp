#include "running_client.h"

#include "client_wrap.h"

#include <dodici/record_walk.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace dodici {

RunningClient::RunningClient(
    ClientOptions options,
    std::optional<CollectorOptions> collecting,
    ClientWrap& wrap,
    Doorbell& doorbell
)
    : doorbell_(doorbell),
      wrap_(&wrap),
      collector_(
          collecting ? std::make_unique<Collector>(std::move(options), *collecting, *this) : nullptr
      ),
      client_(collector_ ? collector_->client() : direct_.emplace(std::move(options), *this)),
      loopCount_(client_.loopCount()) {
  openLoops_ = loopCount_;
}

RunningClient::~RunningClient() {
  if (wrap_ != nullptr) {
    wrap_->onClientClosed();
  }
}

void RunningClient::submit(Request request) {
  const auto index = static_cast<std::size_t>(request.id);
  assert(!destroyed_ && index < kMostRequests && find(request.id) == nullptr);
  if (index >= requests_.size()) {
    requests_.resize(std::max(index + 1, requests_.size() * 2));
  }
  requests_[index].controller =
      collector_ ? collector_->submit(std::move(request)) : client_.submit(std::move(request));
  ++inFlight_;
  if (keeping_++ == 0) {
    settle();
  }
}

RunningClient::InFlight* RunningClient::findInFlight(RequestId id) {
  const auto index = static_cast<std::size_t>(id);
  return index < requests_.size() && requests_[index].controller ? &requests_[index] : nullptr;
}

RequestController* RunningClient::find(RequestId id) {
  InFlight* const request = findInFlight(id);
  return request == nullptr ? nullptr : &request->controller;
}

// Calls work(request), after which the request may keep the process alive or not.
template <typename F>
void RunningClient::change(RequestId id, F&& work) {
  InFlight* const request = findInFlight(id);
  if (request == nullptr) {
    return;
  }
  const bool before = request->keepsProcess();
  work(*request);
  if (request->keepsProcess() != before) {
    before ? --keeping_ : ++keeping_;
    settle();
  }
}

void RunningClient::setReferenced(RequestId id, bool referenced) {
  change(id, [referenced](InFlight& request) { request.referenced = referenced; });
}

void RunningClient::setUnread(RequestId id, bool unread) {
  change(id, [unread](InFlight& request) { request.unread = unread; });
}

void RunningClient::want(std::uint32_t count) {
  if (collector_) {
    collector_->want(count);
  }
}

void RunningClient::destroy() {
  if (!destroyed_) {
    destroyed_ = true;
    destroyCore();
    settle();
  }
}

void RunningClient::destroyCore() { collector_ ? collector_->destroy() : client_.destroy(); }

void RunningClient::onWrapCollected() {
  wrap_ = nullptr;
  destroy();
}

void RunningClient::onBatchReady() noexcept {
  waiting_.store(true, std::memory_order_release);
  doorbell_.ring();
}

bool RunningClient::deliver(napi_env env, EventBatch& batch, BatchToJs& batchToJs) {
  if (!(collector_ ? collector_->takeBatch(batch) : client_.takeBatch(batch))) {
    return false;
  }
  releaseEnded(batch.words);
  if (wrap_ != nullptr) {
    batchToJs.call(env, *wrap_, batch);
  }
  batch.clear();
  return true;
}

void RunningClient::releaseEnded(std::span<const std::uint32_t> words) {
  for (RecordWalk walk(words); walk.more(); walk.step()) {
    switch (walk.type()) {
      case EventType::end:
      case EventType::failed:
        if (InFlight* const request = findInFlight(walk.id())) {
          keeping_ -= request->keepsProcess() ? 1 : 0;
          *request = {};
          --inFlight_;
        }
        break;
      case EventType::answered:
        // Nobody waits for the rest of the request.
        setReferenced(walk.id(), false);
        break;
      case EventType::loopClosed:
        --openLoops_;
        break;
      case EventType::responseStart:
      case EventType::data:
      case EventType::dataBlock:
      case EventType::requestSent:
      case EventType::peerEnd:
      case EventType::connectionWanted:
      case EventType::tunnelSocket:
      case EventType::bodyWanted:
      case EventType::connected:
      case EventType::disconnected:
      case EventType::decoding:
      case EventType::encodedSize:
        break;
    }
  }
}

void RunningClient::settle() {
  const bool closes = destroyed_ && openLoops_ > 0;
  const bool keepsObject = wrap_ != nullptr && (inFlight_ > 0 || closes);
  const bool keepsProcess = keepsObject && (keeping_ > 0 || closes);
  if (keepsObject && !holdsObject_) {
    wrap_->keepObject();
  } else if (!keepsObject && holdsObject_ && wrap_ != nullptr) {
    wrap_->letObjectGo();
  }
  holdsObject_ = keepsObject;
  if (keepsProcess && !holdsProcess_) {
    doorbell_.hold();
  } else if (!keepsProcess && holdsProcess_) {
    doorbell_.letGo();
  }
  holdsProcess_ = keepsProcess;
}

}  // namespace dodici
