#include "transfer/transfer.h"

#include "curl/easy_options.h"

#include <chrono>
#include <cstring>
#include <exception>
#include <utility>

namespace dodici {

namespace {

std::uint32_t milliseconds(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>(time.count());
}

constexpr std::uint32_t kHttp2ProtocolError = 1;

// Others who wait for the same connection would meet the same.
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
      state_(request_.idempotent && request_.bodyKind != BodyKind::stream),
      upload_(request_.bodyKind, request_.body, request_.contentLength),
      head_(services.options.maxHeaderSize),
      deadline_(services.deadlines, request_.id),
      headWithBody_(
          request_.bodyKind != BodyKind::none && std::strcmp(text_.method(), "HEAD") == 0
      ) {}

Transfer::~Transfer() = default;

EasyHandle& Transfer::prepare(std::unique_ptr<EasyHandle> easy) {
  easy_ = std::move(easy);
  easy_->bind(this);
  setRequestOptions(*easy_, request_, text_, services_.options);
  state_.onRun();
  return *easy_;
}

EasyHandle& Transfer::startAgain() {
  turnedAway_ = false;
  upload_.rewind(0);
  setRequestOptions(*easy_, request_, text_, services_.options);
  // Once is how it goes; who meets another such connection does not try all that there are.
  if (std::exchange(wasTurnedAway_, true)) {
    easy_->connectAfresh();
  }
  return *easy_;
}

std::unique_ptr<EasyHandle> Transfer::takeHandle() { return std::move(easy_); }

bool Transfer::onStarted(Ports ports) {
  const bool first = state_.phase() == TransferState::Phase::running;
  // libcurl would repeat by itself what was answered by 417.
  if (request_.expectContinue && head_.finalHeadSeen()) {
    complete_ = true;
    return false;
  }
  // Nothing has been sent on this connection: whatever the request, another one will do.
  if (services_.watchers.refuses(ports) && (first || request_.bodyKind != BodyKind::stream)) {
    turnedAway_ = true;
    easy_->forbidReuse();
    return false;
  }
  // On HTTP/2 libcurl takes another connection when the server says that it has not processed the request (a refused
  // stream, GOAWAY), and also when the connection broke: only the former is safe, whatever the method.
  const bool wasLost =
      !first && onHttp2_ && (lostByPeer_ ? *lostByPeer_ : services_.watchers.lostByPeer(ports_));
  lostByPeer_.reset();
  const bool refused = !first && onHttp2_ && !wasLost;
  const bool lost = !first && onHttp2_ && !refused;
  if (lost || state_.onStarted(refused) == Action::refuse) {
    return park(Error{Errc::socketClosed, 0, "the connection was closed", describeSocket(*easy_)});
  }
  onHttp2_ = text_.isTls() && request_.allowHttp2 && easy_->negotiatedHttp2();
  ports_ = ports;
  const auto uses =
      services_.host.onConnectionReady(*this, onHttp2_ ? Protocol::http2 : Protocol::http1, ports);
  const auto mostUses = services_.options.maxRequestsPerConnection;
  if (mostUses > 0 && uses >= mostUses && !onHttp2_) {
    easy_->closeAfterwards();
  }
  deadline_.arm(DeadlineKind::headers, request_.headersTimeout, now());
  if (request_.expectContinue && !onHttp2_) {
    easy_->dropExpect();  // as undici, which asks for 100 over HTTP/2 only
  }
  awaitsContinue_ = request_.expectContinue && onHttp2_;
  if (first && request_.bodyKind == BodyKind::stream && !awaitsContinue_) {
    services_.batcher.bodyWanted(id(), 0);
  }
  if (request_.bodyKind == BodyKind::none) {
    reportSent();
  }
  return true;
}

// Later the connection before may have an end all the same: libcurl closes it, and the peer answers.
void Transfer::onConnecting() {
  if (onHttp2_ && state_.phase() == TransferState::Phase::sent && !lostByPeer_) {
    lostByPeer_ = services_.watchers.lostByPeer(ports_);
  }
}

// The body has waited for a sign of the server.
void Transfer::startUpload() {
  if (!std::exchange(awaitsContinue_, false)) {
    return;
  }
  if (request_.bodyKind == BodyKind::stream) {
    services_.batcher.bodyWanted(id(), 0);
  }
  if (state_.onUploadWritten() == Action::letFlow) {
    letFlow();
  }
}

std::size_t Transfer::onBodyWanted(std::span<std::byte> room) {
  if (awaitsContinue_) {
    state_.onUploadEmpty();
    return CURL_READFUNC_PAUSE;
  }
  deadline_.touch();
  const auto read = upload_.read(room);
  if (const auto consumed = upload_.takeConsumed(); consumed > 0) {
    services_.batcher.bodyWanted(id(), consumed);
  }
  switch (read.got) {
    case UploadBody::Got::bytes:
      break;
    case UploadBody::Got::nothing:
      state_.onUploadEmpty();
      return CURL_READFUNC_PAUSE;
    case UploadBody::Got::end:
      break;
  }
  if (upload_.finished()) {
    reportSent();
  }
  return read.size;
}

bool Transfer::onRewind(std::uint64_t offset) { return upload_.rewind(offset); }

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

void Transfer::onBodyBytes(std::string bytes) {
  upload_.append(std::move(bytes));
  if (state_.onUploadWritten() == Action::letFlow) {
    letFlow();
  }
}

void Transfer::onBodyEnd() {
  upload_.end();
  if (state_.onUploadWritten() == Action::letFlow) {
    letFlow();
  }
}

// libcurl may call our callbacks from inside curl_easy_pause(), and they may hold again.
void Transfer::letFlow() {
  if (easy_) {
    const int held =
        (state_.bodyHeld() ? CURLPAUSE_RECV : 0) | (state_.uploadHeld() ? CURLPAUSE_SEND : 0);
    curl_easy_pause(easy_->get(), held);
  }
}

// Time does not count while the reader is the one who is waited for.
void Transfer::armBodyDeadline() {
  if (block_.pause.paused()) {
    deadline_.stop();
  } else {
    deadline_.arm(DeadlineKind::body, request_.bodyTimeout, now());
  }
}

void Transfer::reportSent() {
  if (request_.reportSent && !sentReported_) {
    sentReported_ = true;
    services_.batcher.requestSent(id());
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
  facts.started = state_.phase() == TransferState::Phase::sent ||
                  state_.phase() == TransferState::Phase::receiving;
  facts.onHttp2 = onHttp2_;
  facts.tunnels = services_.options.proxy.tunnel && !services_.options.proxy.url.empty();
  facts.headSeen = head_.finalHeadSeen();
  facts.closesAnyway = head_.facts().connectionClose;
  facts.chunked = head_.facts().chunked;
  facts.connectTimeoutMs = milliseconds(services_.options.connectTimeout);
  return facts;
}

void Transfer::endByLibcurl(CURLcode code) {
  if (ended()) {
    return;
  }
  if ((code == CURLE_OK && chunks_.fault() == nullptr) || complete_) {
    sendEnd();
    return;
  }
  if (const auto thrown = easy_->takeThrown()) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      parked_ = Error{Errc::internal, 0, exception.what(), {}};
    } catch (...) {
      parked_ = Error{Errc::internal, 0, "unknown exception", {}};
    }
  }
  if (onHttp2_ && isHttp2ConnectionError(code, *easy_)) {
    services_.watchers.shutDown(ports_);
  }
  Error error = parked_ ? *parked_ : toError(code, *easy_, facts());
  // nghttp2 takes the end of a body that is shorter than declared for a fault of the stream, and resets it.
  if (error.code == Errc::streamReset && error.detail == kHttp2ProtocolError && isCutShort()) {
    error.code = Errc::lengthMismatch;
    error.detail = 0;
  }
  endBy(error);
}

bool Transfer::isCutShort() const {
  return head_.finalHeadSeen() && !bodiless() &&
         received_ < head_.facts().contentLength.value_or(0);
}

void Transfer::sendEnd() {
  if (!head_.finalHeadSeen()) {
    endBy(Error{Errc::socketClosed, 0, "no response", describeSocket(*easy_)});
    return;
  }
  state_.onEnd();
  deadline_.stop();
  services_.batcher.end(id(), head_);
}

bool Transfer::streamStalls() const {
  const auto phase = state_.phase();
  return onHttp2_ && (phase == TransferState::Phase::sent ||
                      (phase == TransferState::Phase::receiving && !state_.bodyHeld()));
}

void Transfer::endByDeadline(DeadlineKind kind) {
  const bool headers = kind == DeadlineKind::headers;
  const auto limit = headers ? request_.headersTimeout : request_.bodyTimeout;
  endBy(Error{
      headers ? Errc::headersTimeout : Errc::bodyTimeout,
      milliseconds(limit),
      onHttp2_ ? "HTTP/2" : "",
      describeSocket(*easy_)});
}

void Transfer::endBy(const Error& error) {
  const bool connected = state_.phase() == TransferState::Phase::sent ||
                         state_.phase() == TransferState::Phase::receiving;
  if (!state_.onEnd()) {
    return;
  }
  deadline_.stop();
  if (!connected && easy_ && isOfTheConnection(error.code)) {
    connectFailure_ = error;
  }
  services_.batcher.failed(id(), error);
  // Of an HTTP/2 connection only what concerns all its streams.
  if (connected && (!onHttp2_ || isOfTheConnection(error.code))) {
    services_.watchers.noteFailure(ports_, error);
  }
}

}  // namespace dodici
