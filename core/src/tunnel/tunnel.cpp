#include "tunnel/tunnel.h"

#include "curl/curl_error.h"
#include "curl/easy_options.h"
#include "curl/tls_facts.h"

#include <array>
#include <chrono>
#include <string_view>
#include <utility>

namespace dodici {

namespace {

constexpr std::size_t kReadSize = 64 * 1024;
// A connection that always has more to read must not starve others.
constexpr int kMostReadsAtOnce = 8;

std::span<const std::byte> bytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::uint32_t milliseconds(std::chrono::milliseconds time) {
  return static_cast<std::uint32_t>(time.count());
}

}  // namespace

Tunnel::Tunnel(
    const Services& services,
    Request request,
    std::shared_ptr<const PauseState> pause,
    std::unique_ptr<EasyHandle> easy
)
    : services_(services),
      request_(std::move(request)),
      text_(request_.text),
      pause_(std::move(pause)),
      easy_(std::move(easy)),
      response_(text_.method(), services.options.maxHeaderSize),
      deadline_(services.deadlines, request_.id),
      isPlain_(!text_.isTls() && services.options.proxy.url.empty()),
      outbox_(requestHead(), request_) {
  easy_->bind(this);
  setRequestOptions(*easy_, request_, text_, services_.options);
  RawConnection::setConnectOnly(*easy_);
}

Tunnel::~Tunnel() = default;

std::string Tunnel::requestHead() const {
  std::string head = text_.method();
  head.append(" ").append(text_.target()).append(" HTTP/1.1\r\n");
  text_.forEachHeaderLine([&head](std::string_view line) { head.append(line).append("\r\n"); });
  return head.append("\r\n");
}

void Tunnel::onConnected() {
  if (!easy_->succeeded()) {
    fail();
    return;
  }
  connection_.emplace(*easy_);
  inPool_ = true;
  services_.batcher.connected(text_.origin());
  phase_ = Phase::head;
  if (request_.bodyKind == BodyKind::stream) {
    services_.batcher.bodyWanted(id(), 0);
  }
  move();
}

void Tunnel::move() {
  if (!connection_) {
    return;
  }
  if (!ended()) {
    writeSome();
  }
  if (!ended()) {
    readSome();
  }
  if (!ended()) {
    listen();
  }
}

void Tunnel::moveUp() {
  if (!connection_ || ended()) {
    return;
  }
  writeSome();
  if (!ended()) {
    listen();
  }
}

void Tunnel::goOn() {
  turnAsked_ = false;
  move();
}

void Tunnel::readSome() {
  std::array<std::byte, kReadSize> room;  // NOLINT: filled by read()
  waitsForRoom_ = false;
  readsOn_ = false;
  for (int reads = 0; reads < kMostReadsAtOnce && !peerEnded_ && !ended(); ++reads) {
    if (phase_ != Phase::head && pause_->paused()) {
      return;
    }
    if (!services_.batcher.hasRoom(share_, room.size())) {
      waitsForRoom_ = true;
      return;
    }
    const auto got = connection_->read(room);
    if (got.progress == RawConnection::Progress::later) {
      return;
    }
    if (got.progress == RawConnection::Progress::failed) {
      onReadFailed();
    } else if (got.bytes == 0) {
      onPeerEnd();
    } else {
      onBytes(std::span(room).first(got.bytes));
    }
    if (got.bytes < room.size() && isPlain_) {
      return;  // nothing is left, or the socket will announce more
    }
  }
  // The TLS layer may have bytes that the socket does not announce.
  readsOn_ = !peerEnded_ && !ended();
}

bool Tunnel::onBytes(std::span<const std::byte> bytes) {
  switch (phase_) {
    case Phase::head:
      onHeadBytes(bytes);
      break;
    case Phase::open:
      deliver(bytes);
      break;
    case Phase::refused:
      deadline_.touch();
      onRefusedBytes(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
      break;
    default:
      break;
  }
  return !ended();
}

void Tunnel::onHeadBytes(std::span<const std::byte> bytes) {
  auto progress = response_.onBytes(bytes);
  while (progress == SwitchResponse::Progress::alive ||
         progress == SwitchResponse::Progress::informational) {
    deadline_.touch();
    if (progress == SwitchResponse::Progress::informational) {
      services_.batcher.responseStart(id(), response_.head());
    }
    progress = response_.onBytes({});
  }
  switch (progress) {
    case SwitchResponse::Progress::none:
    case SwitchResponse::Progress::alive:
    case SwitchResponse::Progress::informational:
      break;
    case SwitchResponse::Progress::switched:
      deadline_.stop();
      phase_ = Phase::open;
      leavePool(Errc::switchedAway);
      services_.batcher.tunnelSocket(
          id(), describeSocket(*easy_), text_.isTls() ? describeTls(*easy_) : std::string()
      );
      services_.batcher.responseStart(id(), response_.head());
      deliver(bytesOf(response_.takeRest()));
      break;
    case SwitchResponse::Progress::refused:
      phase_ = Phase::refused;
      deadline_.arm(DeadlineKind::body, request_.bodyTimeout, std::chrono::steady_clock::now());
      services_.batcher.responseStart(id(), response_.head());
      onRefusedBytes({});
      break;
    case SwitchResponse::Progress::failed:
      endBy(response_.error());
      break;
  }
}

void Tunnel::onRefusedBytes(std::string_view bytes) {
  std::string body;
  if (!response_.readBody(bytes, body)) {
    endBy(Error{Errc::malformedResponse, 0, "malformed body", describeSocket(*easy_)});
    return;
  }
  deliver(bytesOf(body));
  if (response_.bodyComplete()) {
    endWell();
  }
}

void Tunnel::endWell() {
  phase_ = Phase::ended;
  deadline_.stop();
  services_.batcher.end(id(), response_.head());
  leavePool(Errc::notKept);
}

// As in undici, a connection that has switched belongs to the user, and no longer to the dispatcher.
void Tunnel::leavePool(Errc code, std::uint32_t detail) {
  if (std::exchange(inPool_, false)) {
    services_.batcher.disconnected(text_.origin(), code, detail);
  }
}

void Tunnel::deliver(std::span<const std::byte> bytes) {
  if (!bytes.empty()) {
    services_.batcher.body(id(), share_, bytes);
  }
}

void Tunnel::onPeerEnd() {
  peerEnded_ = true;
  if (phase_ == Phase::open) {
    services_.batcher.peerEnd(id());
  } else if (phase_ == Phase::refused && response_.endsHere()) {
    endWell();
  } else {
    endBy(Error{Errc::socketClosed, 0, "the connection was closed", describeSocket(*easy_)});
  }
}

void Tunnel::writeSome() {
  for (auto bytes = outbox_.next(); !bytes.empty(); bytes = outbox_.next()) {
    const auto put = connection_->write(bytesOf(bytes));
    if (put.progress == RawConnection::Progress::failed) {
      fail();
      return;
    }
    if (put.progress == RawConnection::Progress::later) {
      break;
    }
    outbox_.onSent(put.bytes);
    if (phase_ == Phase::head) {
      deadline_.touch();
    }
    tellWanted(outbox_.takeConsumed());
  }
  if (outbox_.empty()) {
    onWritten();
  }
  if (phase_ == Phase::head) {
    setHeadersDeadline();
  }
}

// Everything in the outbox has been written.
void Tunnel::onWritten() {
  if (phase_ == Phase::head && outbox_.bodyEnded() && std::exchange(request_.reportSent, false)) {
    services_.batcher.requestSent(id());
  }
  if (outbox_.ended() && !endSent_ && connection_->endWriting()) {
    endSent_ = true;
    services_.batcher.bodyWanted(id(), outbox_.takeRest());
  }
}

void Tunnel::tellWanted(std::uint32_t bytes) {
  if (bytes > 0) {
    services_.batcher.bodyWanted(id(), bytes);
  }
}

// As in undici, headersTimeout does not run while the request waits for its own body.
void Tunnel::setHeadersDeadline() {
  if (outbox_.empty() && !outbox_.bodyEnded()) {
    deadline_.stop();
  } else if (!deadline_.armed()) {
    const auto now = std::chrono::steady_clock::now();
    deadline_.arm(DeadlineKind::headers, request_.headersTimeout, now);
  }
}

void Tunnel::listen() {
  const bool isPaused = phase_ != Phase::head && pause_->paused();
  const bool reads = !peerEnded_ && !waitsForRoom_ && !readsOn_ && !isPaused;
  const bool writes = !outbox_.empty() || (outbox_.ended() && !endSent_);
  services_.watchers.watch(connection_->socket(), reads, writes);
}

void Tunnel::set(SocketSetting setting, std::uint32_t value) {
  if (!connection_) {
    return;
  }
  switch (setting) {
    case SocketSetting::noDelay:
    case SocketSetting::delay:
      connection_->setNoDelay(setting == SocketSetting::noDelay);
      break;
    case SocketSetting::keepAlive:
    case SocketSetting::noKeepAlive:
      connection_->setKeepAlive(setting == SocketSetting::keepAlive, value);
      break;
    case SocketSetting::resetOnClose:
      connection_->resetOnClose();
      break;
  }
}

// As in Node, TLS that ends without close_notify is an ordinary end for the socket's user.
void Tunnel::onReadFailed() {
  const Error error = lastError();
  if (phase_ == Phase::open && error.code == Errc::socketClosed) {
    onPeerEnd();
  } else {
    endBy(error);
  }
}

void Tunnel::fail() { endBy(lastError()); }

Error Tunnel::lastError() const {
  TransferFacts facts;
  facts.started = connection_.has_value();
  facts.tunnels = !services_.options.proxy.url.empty();
  facts.connectTimeoutMs = milliseconds(services_.options.connectTimeout);
  return toError(*easy_, facts);
}

void Tunnel::cancel() {
  if (phase_ == Phase::open) {
    writeSome();
  }
  endBy(Error{Errc::aborted, 0, {}, {}});
}

void Tunnel::endByDeadline(DeadlineKind kind) {
  const bool headers = kind == DeadlineKind::headers;
  endBy(Error{
      headers ? Errc::headersTimeout : Errc::bodyTimeout,
      milliseconds(headers ? request_.headersTimeout : request_.bodyTimeout),
      {},
      describeSocket(*easy_)});
}

void Tunnel::endBy(const Error& error) {
  if (!ended()) {
    phase_ = Phase::ended;
    deadline_.stop();
    services_.batcher.failed(id(), error);
    leavePool(error.code, error.detail);
  }
}

}  // namespace dodici
