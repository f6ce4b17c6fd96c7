// The response's side of a Transfer: what comes from the server, and what follows from it.
#include "transfer/transfer.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>

namespace dodici {

bool Transfer::onHeaderLine(std::string_view line) {
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
  if (!onHttp2_) {
    noteKeepAlive();
    if (head_.facts().chunked && !bodiless()) {
      easy_->watchRawBody();
    }
  }
  services_.batcher.responseStart(id(), head_);
  if (headWithBody_) {
    complete_ = true;
    return false;
  }
  armBodyDeadline();
  checkWhetherComplete();
  // libcurl drops the body of a request that was answered by an error; any other it wants to send.
  if (head_.facts().status < 300) {
    startUpload();
  }
  return true;
}

// What the head says about the connection's future.
void Transfer::noteKeepAlive() {
  const auto& facts = head_.facts();
  const auto& options = services_.options;
  if (facts.keepAliveTimeoutHint) {
    const std::chrono::milliseconds keep = std::min(
        *facts.keepAliveTimeoutHint - options.keepAliveTimeoutThreshold, options.keepAliveMaxTimeout
    );
    if (keep.count() > 0) {
      services_.watchers.keepFor(ports_, keep);
    } else {
      easy_->forbidReuse();
    }
  }
  // What such a response has in its body would be taken for the next one's head.
  if ((facts.status == 204 || facts.status == 304) &&
      (facts.contentLength.value_or(0) > 0 || facts.transferEncoding)) {
    easy_->forbidReuse();
  }
}

// A server may answer before it has read the request's body, and never read it: libcurl would wait for that. The end
// of a chunked response cannot be seen from here.
void Transfer::checkWhetherComplete() {
  if (request_.bodyKind == BodyKind::none || upload_.finished() || complete_) {
    return;
  }
  const auto& facts = head_.facts();
  if (bodiless() || (facts.contentLength && received_ >= *facts.contentLength)) {
    complete_ = true;
    services_.host.onCompleteEarly(id());
  }
}

bool Transfer::bodiless() const {
  const auto status = head_.facts().status;
  return status == 204 || status == 304 || std::strcmp(text_.method(), "HEAD") == 0;
}

// libcurl decodes the same bytes next, and calls onBody(): what came before a fault is still delivered.
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
}

std::size_t Transfer::onBody(std::span<const std::byte> bytes) {
  if (chunks_.fault() != nullptr && received_ + bytes.size() > chunks_.bodySize()) {
    return CURL_WRITEFUNC_ERROR;
  }
  const auto limit = services_.options.maxResponseSize;
  if (limit >= 0 && received_ + bytes.size() > static_cast<std::uint64_t>(limit)) {
    park(Error{
        Errc::responseTooLarge,
        0,
        "the body is larger than maxResponseSize",
        describeSocket(*easy_)});
    return CURL_WRITEFUNC_ERROR;
  }
  switch (state_.onBodyBytes(block_.pause.paused(), services_.batcher.hasRoom(share_, bytes.size()))
  ) {
    case Action::deliver:
      break;
    case Action::holdAndAskRoom:
      services_.host.onWaitsForRoom(id());
      [[fallthrough]];
    case Action::holdBody:
      deadline_.stop();
      return CURL_WRITEFUNC_PAUSE;
    default:
      return CURL_WRITEFUNC_ERROR;
  }
  received_ += bytes.size();
  deadline_.touch();
  services_.batcher.body(id(), share_, bytes);
  checkWhetherComplete();
  return bytes.size();
}

}  // namespace dodici
