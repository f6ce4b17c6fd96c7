#include "dodici/collector.h"

#include "bulk/whole_response.h"
#include "events/batch_walk.h"
#include "thread_annotations.h"

#include <cstddef>
#include <deque>
#include <exception>
#include <utility>
#include <vector>

namespace dodici {
namespace {

// A batch of responses is full when its slab has this many bytes.
constexpr std::size_t kMostInSlab = 256 * 1024;

}  // namespace

struct Collector::Parts final : EventSink {
  Parts(ClientOptions clientOptions, CollectorOptions own, EventSink& consumer)
      : options(own), sink(consumer), client(std::move(clientOptions), *this) {}

  // A loop thread calls this as soon as a batch waits, and reads it here. So the loop is never held back.
  void onBatchReady() noexcept override;

  void read(const BatchWalk& walk) DODICI_REQUIRES(reading) DODICI_EXCLUDES(mutex);
  WholeResponse& responseOf(RequestId id) DODICI_REQUIRES(reading);
  void cancel(RequestId id) DODICI_EXCLUDES(mutex);
  void end(const BatchWalk& terminal) DODICI_REQUIRES(reading) DODICI_EXCLUDES(mutex);
  // Hands a record on that needs an answer.
  void pass(const BatchWalk& walk) DODICI_EXCLUDES(mutex);
  EventBatch& openBatch() DODICI_REQUIRES(mutex);
  void startMore() DODICI_REQUIRES(mutex);
  bool mustTell() const DODICI_REQUIRES(mutex);

  // Constant after construction.
  const CollectorOptions options;
  EventSink& sink;

  // The loop thread that reads; one at a time.
  Mutex reading;
  EventBatch batch DODICI_GUARDED_BY(reading);
  std::vector<WholeResponse> responses DODICI_GUARDED_BY(reading);  // by id

  Mutex mutex;
  std::deque<RequestController> waiting DODICI_GUARDED_BY(mutex);
  std::vector<RequestController> running DODICI_GUARDED_BY(mutex
  );  // by id; empty if it does not run
  std::size_t runningCount DODICI_GUARDED_BY(mutex) = 0;
  std::deque<EventBatch> done DODICI_GUARDED_BY(mutex);
  EventBatch spare DODICI_GUARDED_BY(mutex);           // its memory is used for a batch
  std::size_t doneCount DODICI_GUARDED_BY(mutex) = 0;  // terminal records in `done`
  std::size_t wanted DODICI_GUARDED_BY(mutex) = 0;
  bool isUrgent DODICI_GUARDED_BY(mutex) = false;  // the consumer must act on what is in `done`

  // Last, so that it is destroyed first: loop threads call onBatchReady() until then.
  Client client;
};

Collector::Collector(ClientOptions client, CollectorOptions options, EventSink& sink)
    : parts_(std::make_unique<Parts>(std::move(client), options, sink)) {}

Collector::~Collector() = default;

Client& Collector::client() { return parts_->client; }

RequestController Collector::submit(Request request) {
  const auto index = static_cast<std::size_t>(request.id);
  RequestController controller = parts_->client.prepare(std::move(request));
  const MutexLock lock(parts_->mutex);
  if (index >= parts_->running.size()) {
    parts_->running.resize(index + 1);
  }
  parts_->running[index] = controller;
  parts_->waiting.push_back(controller);
  parts_->startMore();
  return controller;
}

void Collector::want(std::uint32_t count) {
  bool tells = false;
  {
    const MutexLock lock(parts_->mutex);
    parts_->wanted = count;
    tells = parts_->mustTell();
  }
  if (tells) {
    parts_->sink.onBatchReady();
  }
}

bool Collector::takeBatch(EventBatch& batch) {
  batch.clear();
  const MutexLock lock(parts_->mutex);
  if (parts_->done.empty()) {
    return false;
  }
  parts_->wanted = 0;
  parts_->isUrgent = false;
  std::swap(batch, parts_->done.front());
  parts_->spare = std::move(parts_->done.front());
  parts_->done.pop_front();
  if (parts_->done.empty()) {
    parts_->doneCount = 0;
  }
  return true;
}

void Collector::destroy() {
  parts_->client.destroy();
  const MutexLock lock(parts_->mutex);
  // The client refuses them.
  for (; !parts_->waiting.empty(); parts_->waiting.pop_front()) {
    ++parts_->runningCount;
    parts_->client.start(parts_->waiting.front());
  }
  parts_->client.flush();
}

void Collector::Parts::onBatchReady() noexcept {
  {
    const MutexLock readingLock(reading);
    while (client.takeBatch(batch)) {
      for (BatchWalk walk(batch); walk.more(); walk.step()) {
        read(walk);
      }
    }
  }
  bool tells = false;
  {
    const MutexLock lock(mutex);
    startMore();
    client.flush();
    tells = mustTell();
  }
  if (tells) {
    sink.onBatchReady();
  }
}

void Collector::Parts::read(const BatchWalk& walk) {
  const RequestId id = walk.record().id();
  try {
    auto verdict = WholeResponse::Verdict::goOn;
    switch (walk.record().type()) {
      case EventType::responseStart:
        verdict = responseOf(id).onHead(walk, options.mostBytes);
        break;
      case EventType::data:
      case EventType::dataBlock:
        verdict = responseOf(id).onBytes(walk.bytes(), options.mostBytes);
        break;
      case EventType::end:
      case EventType::failed:
        end(walk);
        break;
      case EventType::connectionWanted:
      case EventType::loopClosed:
        pass(walk);
        break;
      case EventType::connected:
      case EventType::disconnected:
      case EventType::requestSent:
      case EventType::bodyWanted:
      case EventType::peerEnd:
      case EventType::tunnelSocket:
      case EventType::answered:
      case EventType::decoding:
      case EventType::encodedSize:
        break;
    }
    if (verdict == WholeResponse::Verdict::cancel) {
      cancel(id);
    }
  } catch (const std::exception&) {
    // Out of memory: only this request fails.
    responseOf(id).fail(Errc::internal);
    cancel(id);
  }
}

WholeResponse& Collector::Parts::responseOf(RequestId id) {
  const auto index = static_cast<std::size_t>(id);
  if (index >= responses.size()) {
    responses.resize(index + 1);
  }
  return responses[index];
}

void Collector::Parts::cancel(RequestId id) {
  RequestController controller;
  {
    const MutexLock lock(mutex);
    controller = running[static_cast<std::size_t>(id)];
  }
  if (controller) {
    controller.requestCancel();
  }
}

void Collector::Parts::end(const BatchWalk& terminal) {
  const RequestId id = terminal.record().id();
  WholeResponse& response = responseOf(id);
  const MutexLock lock(mutex);
  isUrgent = !response.end(terminal, openBatch()) || isUrgent;
  running[static_cast<std::size_t>(id)] = {};
  --runningCount;
  ++doneCount;
}

void Collector::Parts::pass(const BatchWalk& walk) {
  const MutexLock lock(mutex);
  const auto words = walk.record().words();
  auto& into = openBatch().words;
  into.insert(into.end(), words.begin(), words.end());
  isUrgent = true;
}

EventBatch& Collector::Parts::openBatch() {
  if (done.empty() || done.back().slab.size() >= kMostInSlab) {
    done.push_back(std::exchange(spare, {}));
    done.back().clear();
  }
  return done.back();
}

void Collector::Parts::startMore() {
  for (; !waiting.empty() && runningCount < options.concurrency; waiting.pop_front()) {
    ++runningCount;
    client.start(waiting.front());
  }
}

bool Collector::Parts::mustTell() const {
  if (done.empty()) {
    return false;
  }
  return isUrgent || (wanted > 0 && doneCount >= wanted) || runningCount == 0;
}

}  // namespace dodici
