// The part of a Transfer that handles the response.
#include "platform/sockets.h"
#include "transfer/transfer.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace dodici {

namespace {

constexpr std::uint32_t kMisdirectedRequest = 421;

}  // namespace

bool Transfer::onHeaderLine(std::string_view line) {
  state_.onResponseBegun();
  switch (head_.onLine(line)) {
    case HeaderProgress::none:
    case HeaderProgress::trailer:
      return true;
    case HeaderProgress::continueHead:
      deadline_.touch();
      return true;
    case HeaderProgress::informationalHead:
      deadline_.touch();
      services_.batcher.responseStart(id(), head_);
      if (head_.facts().status == 100) {
        startUpload();
      }
      return true;
    case HeaderProgress::switchingHead:
      return park(Error{
          Errc::unexpectedUpgrade, 0, "101 without an upgrade request", describeSocket(*easy_)});
    case HeaderProgress::finalHead:
      return onFinalHead();
    case HeaderProgress::failed:
      return park(head_.error());
  }
  return true;
}

bool Transfer::onFinalHead() {
  if (state_.onFinalHead() == Action::refuse) {
    return false;
  }
  upload_.keepNothing();
  Connection* const connection = block_.ticket.connection();
  if (connection != nullptr) {
    ++connection->answered;
    if (head_.facts().status == kMisdirectedRequest) {
      services_.host.onMisdirected(*connection);
    }
  }
  if (!isOnHttp2()) {
    noteKeepAlive();
    if (head_.facts().chunked && !bodiless()) {
      easy_->watchRawBody();
    }
  }
  startDecoding();
  services_.batcher.responseStart(id(), head_);
  // After a HEAD request with a body, libcurl would wait for a body in the response.
  if (request_.bodyKind != BodyKind::none && std::strcmp(text_.method(), "HEAD") == 0) {
    state_.onResponseWhole();
    return false;
  }
  armBodyDeadline();
  checkWhetherComplete();
  // After an error status libcurl drops the request's body; after any other it still wants to send it.
  if (head_.facts().status < 300) {
    startUpload();
  }
  return true;
}

// Reads what the head says about keeping the connection.
void Transfer::noteKeepAlive() {
  const auto& facts = head_.facts();
  const auto& options = services_.options;
  if (facts.keepAliveTimeoutHint) {
    const std::chrono::milliseconds keep = std::min(
        *facts.keepAliveTimeoutHint - options.keepAliveTimeoutThreshold, options.keepAliveMaxTimeout
    );
    if (Connection* const connection = block_.ticket.connection();
        connection != nullptr && keep.count() > 0) {
      connection->keepFor = keep;
    } else {
      easy_->forbidReuse();
    }
  }
  // The body of such a response would be read as the next head.
  if ((facts.status == 204 || facts.status == 304) &&
      (facts.contentLength.value_or(0) > 0 || facts.transferEncoding)) {
    easy_->forbidReuse();
  }
}

// A server may answer before it has read the request's body, and never read it; libcurl would wait for that. Over
// HTTP/2 the server ends its stream, and libcurl reports it.
void Transfer::checkWhetherComplete() {
  if (isOnHttp2() || request_.bodyKind == BodyKind::none || upload_.finished() ||
      state_.responseWhole()) {
    return;
  }
  const auto& facts = head_.facts();
  const bool isWhole = bodiless() ||
                       (facts.chunked && chunks_.isDone() && received_ >= chunks_.bodySize()) ||
                       (facts.contentLength && received_ >= *facts.contentLength);
  if (isWhole) {
    state_.onResponseWhole();
    services_.host.onCompleteEarly(id());
  }
}

bool Transfer::bodiless() const {
  const auto status = head_.facts().status;
  return status == 204 || status == 304 || std::strcmp(text_.method(), "HEAD") == 0;
}

// Afterwards libcurl decodes the same bytes and calls onBody(), so what came before a fault is still delivered.
void Transfer::onRawBody(std::string_view bytes) {
  if (chunks_.fault() != nullptr) {
    return;
  }
  chunks_.onBytes(bytes);
  if (chunks_.fault() != nullptr) {
    park(Error{Errc::malformedResponse, 0, chunks_.fault(), describeSocket(*easy_)});
    services_.host.onCompleteEarly(id());
  }
  if (chunks_.fault() != nullptr || chunks_.hasExcess()) {
    easy_->forbidReuse();
  }
  checkWhetherComplete();
}

void Transfer::onAnswered() {
  if (parked_) {
    return;
  }
  if (!finishDecoding()) {
    services_.host.onCompleteEarly(id());
    return;
  }
  if (!state_.onAnswered()) {
    return;
  }
  // The rest of the body must make progress, as a server that never reads it would keep the stream open for ever.
  deadline_.arm(DeadlineKind::body, request_.bodyTimeout, std::chrono::steady_clock::now());
  services_.batcher.answered(id(), head_);
}

EasyHandle::Taken Transfer::onBody(std::span<const std::byte> bytes) {
  using Taken = EasyHandle::Taken;
  if (chunks_.fault() != nullptr && received_ + bytes.size() > chunks_.bodySize()) {
    return Taken::stop;
  }
  const auto limit = services_.options.maxResponseSize;
  if (limit >= 0 && received_ + bytes.size() > static_cast<std::uint64_t>(limit)) {
    park(Error{
        Errc::responseTooLarge,
        0,
        "the body is larger than maxResponseSize",
        describeSocket(*easy_)});
    return Taken::stop;
  }
  if (decoder_) {
    const Taken taken = decode(bytes);
    if (taken != Taken::all) {
      return taken;
    }
  } else {
    if (const auto held = holdUnlessRoom(bytes.size())) {
      return *held;
    }
    services_.batcher.body(id(), share_, bytes);
  }
  received_ += bytes.size();
  deadline_.touch();
  growWindow(bytes.size());
  checkWhetherComplete();
  return Taken::all;
}

// Returns what the write callback must return if the request is paused or the batch is full; nullopt if `bytes` may be delivered.
std::optional<EasyHandle::Taken> Transfer::holdUnlessRoom(std::size_t bytes) {
  const bool hasRoom =
      isOnHttp2() ? services_.batcher.hasRoom(share_, bytes, window_.mostPerBatch(received_))
                  : services_.batcher.hasRoom(share_, bytes);
  switch (state_.onBodyBytes(block_.pause.paused(), hasRoom)) {
    case Action::deliver:
      return std::nullopt;
    case Action::holdAndAskRoom:
      services_.host.onWaitsForRoom(id());
      [[fallthrough]];
    case Action::holdBody:
      deadline_.stop();
      if (const auto size = window_.onHeld()) {
        easy_->setStreamWindow(*size);
      }
      return EasyHandle::Taken::later;
    default:
      return EasyHandle::Taken::stop;
  }
}

void Transfer::growWindow(std::size_t taken) {
  if (!isOnHttp2() || !window_.onTaken(taken)) {
    return;
  }
  const auto roundTrip = roundTripOf(block_.ticket.connection()->socket);
  if (const auto size = window_.grow(StreamWindow::Clock::now(), roundTrip)) {
    easy_->setStreamWindow(*size);
  }
}

}  // namespace dodici
