#include "transfer/transfer.h"

#include "curl/easy_options.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <utility>

namespace dodici {

namespace {

std::uint32_t milliseconds(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>(time.count());
}

// The last stream of a GOAWAY that only announces another one (RFC 9113, 6.8).
constexpr std::uint32_t kGracefulNotice = 0x7fffffff;

// Codes of HTTP/2 (RFC 9113, 7).
constexpr std::uint32_t kHttp11Required = 13;

// Whether others that wait for the same connection would fail in the same way.
bool isOfTheConnection(Errc code) {
  switch (code) {
    case Errc::resolveFailed:
    case Errc::connectFailed:
    case Errc::connectTimeout:
    case Errc::tlsVerifyFailed:
    case Errc::tlsNameMismatch:
    case Errc::tlsHandshakeFailed:
    case Errc::socketClosed:
    case Errc::socketError:
    case Errc::proxyRefused:
    case Errc::proxyClosed:
    case Errc::proxyNameMismatch:
    case Errc::socksFailed:
      return true;
    default:
      return false;
  }
}

Deadline::TimePoint now() { return std::chrono::steady_clock::now(); }

}  // namespace

Transfer::Transfer(const Services& services, RequestBlock& block)
    : services_(services),
      block_(block),
      request_(block.request),
      text_(request_.text),
      state_(request_.idempotent),
      upload_(request_.bodyKind, request_.body, request_.contentLength),
      head_(services.options.maxHeaderSize),
      deadline_(services.deadlines, request_.id),
      window_(services.options.streamWindow) {}

Transfer::~Transfer() = default;

EasyHandle& Transfer::prepare(std::unique_ptr<EasyHandle> easy, GivenSocket given) {
  easy_ = std::move(easy);
  easy_->bind(this);
  const bool opens = block_.ticket.opens();
  if (opens) {
    easy_->connectAfresh();
    easy_->giveSocket(std::move(given));
  } else {
    easy_->useConnection(*block_.ticket.connection());
  }
  setRequestOptions(*easy_, request_, text_, services_.options);
  easy_->setStreamWindow(window_.size());
  state_.onRun(!opens);
  return *easy_;
}

std::unique_ptr<EasyHandle> Transfer::takeHandle() { return std::move(easy_); }

bool Transfer::isOnHttp2() const {
  const Connection* const connection = block_.ticket.connection();
  return connection != nullptr && connection->protocol == Protocol::http2;
}

bool Transfer::onStarted() {
  // libcurl would repeat a request by itself after the status 417.
  if (request_.expectContinue && head_.finalHeadSeen()) {
    state_.onResponseWhole();
    return false;
  }
  const bool first = state_.phase() == TransferState::Phase::running;
  Connection* const connection = services_.host.onSending(*this);
  if (connection == nullptr) {
    if (const Connection* const chosen = block_.ticket.connection();
        chosen != nullptr && chosen->allowsNoStream()) {
      state_.onTurnedBack();
    }
    return false;
  }
  if (state_.onStarted() == Action::refuse) {
    return park(Error{Errc::socketClosed, 0, "the connection was closed", describeSocket(*easy_)});
  }
  if (!isOnHttp2()) {
    const auto most = services_.options.maxRequestsPerConnection;
    const bool isLast = most > 0 && connection->requests >= most;
    // If a server sends a body after HEAD, it would be read as the next response. undici does not keep such a
    // connection either.
    const bool isHead = std::strcmp(text_.method(), "HEAD") == 0 && !request_.keepConnection;
    if (isLast || isHead) {
      easy_->closeAfterwards();
    }
    upload_.keepNothing();  // HTTP/1.1 cannot say that a request was not processed
    if (request_.expectContinue) {
      easy_->dropExpect();  // as in undici, which waits for 100 over HTTP/2 only
    }
  } else if (request_.expectContinue) {
    state_.awaitContinue();
  }
  armHeadersDeadline();
  if (first && request_.bodyKind == BodyKind::stream && !state_.awaitsContinue()) {
    askForBody();
  }
  if (request_.bodyKind == BodyKind::none) {
    reportSent();
  }
  return true;
}

void Transfer::onPauseChanged() {
  if (state_.phase() == TransferState::Phase::receiving && !state_.bodyHeld()) {
    armBodyDeadline();
  }
  onRoom();
}

void Transfer::onRoom() {
  if (state_.onMayFlow(block_.pause.paused()) == Action::letFlow) {
    armBodyDeadline();
    letFlow();
  }
}

void Transfer::letFlow() {
  if (easy_) {
    easy_->pause(state_.bodyHeld(), state_.uploadHeld());
  }
}

void Transfer::armHeadersDeadline() {
  deadline_.arm(DeadlineKind::headers, request_.headersTimeout, now());
}

// The deadline does not run while we wait for the reader.
void Transfer::armBodyDeadline() {
  if (block_.pause.paused()) {
    deadline_.stop();
  } else {
    deadline_.arm(DeadlineKind::body, request_.bodyTimeout, now());
  }
}

bool Transfer::park(Error error) {
  if (!parked_) {
    parked_ = std::move(error);
  }
  return false;
}

TransferFacts Transfer::facts() const {
  TransferFacts facts;
  facts.started = state_.isOnConnection();
  facts.onHttp2 = isOnHttp2();
  facts.tunnels = services_.options.proxy.tunnel && !services_.options.proxy.url.empty();
  facts.closesAnyway = head_.facts().connectionClose;
  facts.chunked = head_.facts().chunked;
  facts.unframed = lastsAsLongAsConnection();
  facts.connectTimeoutMs = milliseconds(services_.options.connectTimeout);
  return facts;
}

// Without a length and without chunks, the end of the connection is the end of the body.
bool Transfer::lastsAsLongAsConnection() const {
  return head_.finalHeadSeen() && !head_.facts().chunked && !head_.facts().contentLength;
}

// The error that libcurl has ended with; none if it succeeded, or if a callback ended the transfer.
std::optional<Error> Transfer::libcurlsFault() const {
  if (easy_->succeeded() || parked_) {
    return std::nullopt;
  }
  return toError(*easy_, facts());
}

bool Transfer::isWhole(const std::optional<Error>& fault) const {
  return (!fault || endsByReset(*fault)) && !parked_ && chunks_.fault() == nullptr;
}

// A server that answers and closes before it has read the whole request resets the connection. If such an end also ends
// the body, what has come is the body, as in undici. Over TLS it may have been cut off.
bool Transfer::endsByReset(const Error& fault) const {
  return fault.code == Errc::socketError && fault.detail == ECONNRESET &&
         lastsAsLongAsConnection() && !isOnHttp2() && !text_.isTls();
}

TransferState::Result Transfer::result(bool whole, const std::optional<Error>& fault) const {
  TransferState::Result result;
  result.whole = whole;
  result.replayable = upload_.replayable();
  if (result.whole || parked_) {
    return result;
  }
  const Connection* const connection = block_.ticket.connection();
  result.unprocessed = easy_->unprocessed();
  result.peerProgressed = connection != nullptr && connection->goawayLast > 0 &&
                          connection->goawayLast < kGracefulNotice;
  result.wantsHttp1 = isOnHttp2() && request_.allowHttp2 && easy_->streamError() == kHttp11Required;
  result.lost = !isOnHttp2() && fault &&
                (fault->code == Errc::socketClosed || fault->code == Errc::socketError);
  return result;
}

TransferState::Next Transfer::onDone() {
  if (ended()) {
    return TransferState::Next::complete;
  }
  const std::optional<Error> fault = libcurlsFault();
  bool whole = isWhole(fault);
  if (whole && !state_.answered() && endsWithBrokenLink()) {
    park(Error{Errc::socketClosed, 0, "the connection broke", describeSocket(*easy_)});
    whole = false;
  }
  const auto next =
      easy_->threw() ? TransferState::Next::fail : state_.onDone(result(whole, fault));
  switch (next) {
    case TransferState::Next::complete:
      sendEnd();
      break;
    case TransferState::Next::fail:
      endBy(takeError(fault));
      break;
    case TransferState::Next::againOverHttp1:
      request_.allowHttp2 = false;
      [[fallthrough]];
    case TransferState::Next::again:
    case TransferState::Next::againElsewhere:
      startAnew();
      break;
  }
  return next;
}

// A body that ends with its connection is not whole if that connection broke.
bool Transfer::endsWithBrokenLink() const {
  const Connection* const connection = block_.ticket.connection();
  return connection != nullptr && connection->isCutOff && !isOnHttp2() && !bodiless() &&
         lastsAsLongAsConnection();
}

// REQUIRES: nothing of a response has come.
void Transfer::startAnew() {
  deadline_.stop();
  upload_.rewind(0);
  parked_.reset();
}

void Transfer::endEarly() {
  if (ended()) {
    return;
  }
  if (state_.responseWhole() && !parked_) {
    sendEnd();
  } else {
    endBy(takeError(std::nullopt));
  }
}

Error Transfer::takeError(std::optional<Error> fault) {
  if (const auto thrown = easy_->takeThrown()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      parked_ = Error{Errc::internal, 0, exception.what(), {}};
    } catch (...) {
      parked_ = Error{Errc::internal, 0, "unknown exception", {}};
    }
  }
  if (parked_) {
    return *parked_;
  }
  Error error = fault ? *std::move(fault) : toError(*easy_, facts());
  if (error.code == Errc::streamReset && isCutShort()) {
    error.code = Errc::lengthMismatch;
    error.detail = 0;
  } else if (error.code == Errc::streamReset) {
    error.message = head_.finalHeadSeen() ? "" : "unanswered";
  }
  return error;
}

bool Transfer::isCutShort() const {
  return head_.finalHeadSeen() && !bodiless() &&
         received_ < head_.facts().contentLength.value_or(0);
}

void Transfer::sendEnd() {
  if (state_.answered()) {
    state_.onEnd();
    services_.batcher.endAnswered(id());
    return;
  }
  if (!head_.finalHeadSeen()) {
    endBy(Error{Errc::socketClosed, 0, "no response", describeSocket(*easy_)});
    return;
  }
  if (!finishDecoding()) {
    endBy(*parked_);
    return;
  }
  state_.onEnd();
  deadline_.stop();
  services_.batcher.end(id(), head_);
}

bool Transfer::streamStalls() const {
  return isOnHttp2() && state_.isOnConnection() && !state_.bodyHeld();
}

bool Transfer::responseEnded() const {
  return easy_ != nullptr && !state_.answered() && easy_->responseEnded();
}

void Transfer::endByDeadline(DeadlineKind kind) {
  const bool headers = kind == DeadlineKind::headers;
  const auto limit = headers ? request_.headersTimeout : request_.bodyTimeout;
  endBy(Error{
      headers ? Errc::headersTimeout : Errc::bodyTimeout,
      milliseconds(limit),
      isOnHttp2() ? "HTTP/2" : "",
      describeSocket(*easy_)});
}

void Transfer::endBy(const Error& error) {
  if (state_.answered()) {
    sendEnd();  // the handler already has its response
    return;
  }
  const bool connected = state_.isOnConnection();
  const bool onHttp2 = isOnHttp2();
  if (!state_.onEnd()) {
    return;
  }
  deadline_.stop();
  if (!connected && easy_ && isOfTheConnection(error.code)) {
    connectFailure_ = error;
  }
  services_.batcher.failed(id(), error);
  // An HTTP/2 connection only ends by errors that concern all its streams.
  Connection* const connection = block_.ticket.connection();
  if (connected && connection != nullptr && (!onHttp2 || isOfTheConnection(error.code))) {
    // For the connection this is a request that gives up.
    const bool isDecoding = error.code == Errc::decodeFailed;
    connection->endCode = isDecoding ? Errc::aborted : error.code;
    connection->endDetail = isDecoding ? 0 : error.detail;
  }
}

}  // namespace dodici
