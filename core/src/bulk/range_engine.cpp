#include "bulk/range_engine.h"

#include "platform/thread_name.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace dodici {
namespace {

constexpr std::chrono::milliseconds kReportEvery{100};
constexpr std::chrono::milliseconds kSaveEvery{500};
constexpr std::uint32_t kFirstFinalStatus = 200;

RangeRules rulesOf(const DownloadOptions& options) {
  // So that all connections find room in the window of a stream.
  const std::uint64_t share = std::max<std::uint64_t>(options.window / options.concurrency, 1);
  return {
      options.window == 0 ? options.rangeSize : std::min(options.rangeSize, share),
      options.concurrency,
      options.retries,
      options.retryDelay,
      options.maxRetryDelay,
      options.restartsIfChanged,
      options.window == 0 ? options.mostRangeSize : 0};
}

// Not std::random_device, which needs a newer glibc. It only has to differ between downloads.
std::uint32_t seed() {
  const auto ticks = std::chrono::steady_clock::now().time_since_epoch().count();
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(ticks) * 0x9e3779b97f4a7c15 >> 32);
}

std::int64_t secondsSinceEpoch() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

Request requestFor(const Request& whole, const RangeAsk& ask) {
  Request request = whole;
  request.id = RequestId{ask.slot};
  const auto addLine = [&request](std::string_view name, std::string_view value) {
    request.text.append(name).append(": ").append(value).push_back('\0');
  };
  if (ask.isRanged) {
    addLine("range", "bytes=" + std::to_string(ask.begin) + "-" + std::to_string(ask.last));
    if (!ask.ifRange.empty()) {
      addLine("if-range", ask.ifRange);
    }
  }
  return request;
}

}  // namespace

RangeEngine::RangeEngine(ClientOptions client, DownloadOptions options, DownloadListener& listener)
    : clientOptions_(std::move(client)),
      options_(std::move(options)),
      listener_(listener),
      target_(makeTarget(options_, readAhead_)),
      plan_(rulesOf(options_), seed()) {}

RangeEngine::Time RangeEngine::now() {
  return std::chrono::duration_cast<Time>(std::chrono::steady_clock::now().time_since_epoch());
}

void RangeEngine::run() noexcept {
  nameThisThread("dodici-bulk");
  try {
    download();
  } catch (const std::bad_alloc&) {
    result_.end = DownloadEnd::systemFailed;
    result_.systemError = ENOMEM;
    result_.syscall = "malloc";
  } catch (const std::exception& exception) {
    result_.end = DownloadEnd::networkFailed;
    result_.error.message = exception.what();
  }
  // The temporary file, unless it has another name now, or is kept.
  target_.reset();
  ended_.store(true, std::memory_order_release);
  listener_.onDownloadNews();
}

void RangeEngine::cancel() {
  cancelled_.store(true, std::memory_order_release);
  const MutexLock lock(mutex_);
  wake_.notify_all();
}

DownloadProgress RangeEngine::progress() const {
  return {
      received_.load(std::memory_order_relaxed),
      total_.load(std::memory_order_relaxed),
      resumed_.load(std::memory_order_relaxed)};
}

DownloadResult* RangeEngine::result() {
  return ended_.load(std::memory_order_acquire) ? &result_ : nullptr;
}

void RangeEngine::onBatchReady() noexcept {
  const MutexLock lock(mutex_);
  batchWaits_ = true;
  wake_.notify_all();
}

void RangeEngine::download() {
  if (isStream() && options_.checksum != ChecksumKind::none) {
    streamed_ = std::make_unique<Checksum>(options_.checksum);
  }
  if (isFine(target_->open())) {
    if (const auto found = target_->found()) {
      plan_.resume(*found);
    }
    transfer();
  }
  if (systemFault_) {
    result_.end = DownloadEnd::systemFailed;
  } else if (plan_.isWhole() && !isCancelled()) {
    conclude();
  } else if (plan_.fault()) {
    fail(*plan_.fault());
  } else {
    result_.end = DownloadEnd::cancelled;
  }
  if (systemFault_) {
    result_.systemError = systemFault_->error;
    result_.syscall = systemFault_->syscall;
  }
  if (result_.end != DownloadEnd::whole) {
    keepPart();
  }
}

// All connections are closed when it returns.
void RangeEngine::transfer() {
  Client client(std::move(clientOptions_), *this);
  savedAt_ = now();
  EventBatch batch;
  while (!isCancelled() && !plan_.isOver() && !systemFault_) {
    boundPlan();
    sendRequests(client);
    waitForBatch(wakesAt());
    while (!isCancelled() && !plan_.isOver() && !systemFault_ && hasRoom() &&
           client.takeBatch(batch)) {
      read(batch);
      releasePrefix();
    }
    cancelDropped();
    savePart();
    reportProgress();
  }
}

void RangeEngine::sendRequests(Client& client) {
  const Time time = now();
  while (const auto ask = plan_.next(time)) {
    if (ask->slot >= controllers_.size()) {
      controllers_.resize(ask->slot + 1);
    }
    controllers_[ask->slot] = client.submit(requestFor(options_.request, *ask));
  }
  client.flush();
}

void RangeEngine::cancelDropped() {
  for (const std::uint32_t slot : plan_.takeDropped()) {
    if (controllers_[slot]) {
      controllers_[slot].requestCancel();
    }
  }
}

std::optional<RangeEngine::Time> RangeEngine::wakesAt() const {
  const auto asks = plan_.wakesAt();
  if (options_.resumeKey.empty() || saved_ == plan_.received()) {
    return asks;
  }
  const Time saves = savedAt_ + kSaveEvery;
  return std::min(asks.value_or(saves), saves);
}

void RangeEngine::waitForBatch(std::optional<Time> until) {
  const MutexLock lock(mutex_);
  while (!batchWaits_ && !readerHasTaken_ && !isCancelled()) {
    if (!until) {
      wake_.wait(mutex_);
      continue;
    }
    const Time left = *until - now();
    if (left <= Time{0}) {
      break;
    }
    // By the system's clock, as a wait by the steady one needs a newer glibc.
    wake_.wait_until(mutex_, std::chrono::system_clock::now() + left);
  }
  batchWaits_ = false;
  readerHasTaken_ = false;
}

void RangeEngine::read(const EventBatch& batch) {
  for (BatchWalk walk(batch); walk.more() && !systemFault_; walk.step()) {
    readRecord(walk);
    notePlan();
  }
  const auto total = plan_.total();
  if (total && total != reserved_ && !plan_.isOver() && isFine(target_->reserve(*total))) {
    reserved_ = total;
  }
  received_.store(plan_.received(), std::memory_order_relaxed);
  total_.store(total ? static_cast<std::int64_t>(*total) : -1, std::memory_order_relaxed);
  resumed_.store(plan_.resumed(), std::memory_order_relaxed);
}

// The next bytes may be of another object than those that were saved.
void RangeEngine::notePlan() {
  if (plan_.restarts() != seenRestarts_) {
    seenRestarts_ = plan_.restarts();
    target_->forget();
  }
}

void RangeEngine::readRecord(const BatchWalk& walk) {
  const auto slot = static_cast<std::uint32_t>(walk.record().id());
  switch (walk.record().type()) {
    case EventType::responseStart:
      readHead(slot, walk);
      break;
    case EventType::data:
    case EventType::dataBlock:
      readBytes(slot, walk.bytes());
      break;
    case EventType::end:
      controllers_[slot] = {};
      plan_.onEnd(slot, now());
      break;
    case EventType::failed:
      readFailure(slot, walk);
      break;
    case EventType::connected:
    case EventType::disconnected:
    case EventType::requestSent:
    case EventType::bodyWanted:
    case EventType::loopClosed:
    case EventType::peerEnd:
    case EventType::tunnelSocket:
    case EventType::connectionWanted:
    case EventType::answered:
    case EventType::decoding:
    case EventType::encodedSize:
      // Neither tunnels, nor bodies, nor decoding are asked for, nor how to connect.
      break;
  }
}

void RangeEngine::readHead(std::uint32_t slot, const BatchWalk& walk) {
  const RecordWalk& record = walk.record();
  ObjectFacts facts;
  facts.status = record.word(0);
  std::string_view text = walk.text().substr(record.word(2));
  for (std::uint32_t header = 0; header < record.word(3); ++header) {
    const std::size_t nameLength = record.word(4 + 2 * std::size_t{header});
    const std::size_t valueLength = record.word(5 + 2 * std::size_t{header});
    facts.add(text.substr(0, nameLength), text.substr(nameLength, valueLength));
    text.remove_prefix(nameLength + valueLength);
  }
  if (facts.status >= kFirstFinalStatus) {
    plan_.onHead(slot, facts, now(), secondsSinceEpoch());
  }
}

void RangeEngine::readBytes(std::uint32_t slot, std::span<const std::byte> bytes) {
  const Placed placed = plan_.onBytes(slot, bytes.size(), now());
  if (placed.size > 0) {
    isFine(target_->write(placed.offset, bytes.first(placed.size)));
  }
}

void RangeEngine::readFailure(std::uint32_t slot, const BatchWalk& walk) {
  const RecordWalk& record = walk.record();
  Error error;
  error.code = static_cast<Errc>(record.word(0));
  error.detail = record.word(1);
  error.message = walk.text().substr(0, record.word(2));
  error.socket = walk.text().substr(record.word(2), record.word(3));
  controllers_[slot] = {};
  plan_.onFailed(slot, error, now());
}

void RangeEngine::conclude() {
  result_.size = plan_.total().value_or(0);
  result_.etag = plan_.etag();
  result_.resumed = plan_.resumed();
  result_.ranges = plan_.ranges();
  result_.retries = plan_.retries();
  if (options_.checksum != ChecksumKind::none && !checkSum()) {
    return;
  }
  awaitReader();
  if (isStream() && isCancelled()) {
    return;
  }
  result_.end = isFine(target_->finish(result_.size, result_)) ? DownloadEnd::whole
                                                               : DownloadEnd::systemFailed;
}

// Returns false if the download has ended otherwise.
bool RangeEngine::checkSum() {
  Checksum ofTarget(options_.checksum);
  Checksum& checksum = streamed_ ? *streamed_ : ofTarget;
  const auto onPart = [&](std::span<const std::byte> bytes) {
    checksum.add(bytes);
    return !isCancelled();
  };
  if (!isFine(target_->read(result_.size, onPart))) {
    result_.end = DownloadEnd::systemFailed;
    return false;
  }
  if (isCancelled()) {
    result_.end = DownloadEnd::cancelled;
    return false;
  }
  result_.checksum = checksum.finish();
  result_.end = DownloadEnd::wrongChecksum;
  return options_.expectedChecksum.empty() || options_.expectedChecksum == result_.checksum;
}

void RangeEngine::fail(const PlanFault& fault) {
  result_.end = fault.end;
  result_.status = fault.status;
  result_.error = fault.error;
  result_.etag = plan_.etag();
  result_.retries = plan_.retries();
  (fault.end == DownloadEnd::redirected ? result_.location : result_.text) = fault.text;
}

bool RangeEngine::isFine(const MaybeFault& fault) {
  if (fault && !systemFault_) {
    systemFault_ = fault;
  }
  return !fault;
}

void RangeEngine::reportProgress() {
  const Time time = now();
  if (plan_.received() != reported_ && time - reportedAt_ >= kReportEvery && !plan_.isOver()) {
    reportedAt_ = time;
    reported_ = plan_.received();
    listener_.onDownloadNews();
  }
}

void RangeEngine::savePart() {
  const Time time = now();
  if (options_.resumeKey.empty() || plan_.received() == saved_ || time - savedAt_ < kSaveEvery ||
      plan_.isOver()) {
    return;
  }
  savedAt_ = time;
  saved_ = plan_.received();
  if (const auto part = plan_.partial()) {
    target_->save(*part);
  }
}

// What the server or the checksum has shown to be wrong is not kept.
void RangeEngine::keepPart() {
  const bool isWrong =
      result_.end == DownloadEnd::changed || result_.end == DownloadEnd::wrongChecksum;
  if (options_.resumeKey.empty() || isWrong) {
    return;
  }
  if (const auto part = plan_.partial()) {
    target_->keep(*part);
  }
}

}  // namespace dodici
